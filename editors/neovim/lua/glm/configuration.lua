--- What `setup` was given, for `lsp/glm.lua`, and what a running server is told of it.
local client = require('glm.client')

local M = {}

---@type { cmd?: string[], settings: table<string, any> }
local given = { settings = {} }

---@return { cmd?: string[], settings: table<string, any> }
function M.given()
  return given
end

--- Settings as a server is to know them that was started with others: what nobody sets any more is null.
---@param old table<string, any>
---@param new table<string, any>
---@return table<string, any>
local function change(old, new)
  local changed = vim.deepcopy(new)
  for name in pairs(old) do
    if changed[name] == nil then
      changed[name] = vim.NIL
    end
  end
  return changed
end

---@param running vim.lsp.Client
local function tell(running)
  local config = vim.lsp.config[client.NAME]
  local chosen = type(config.settings) == 'table' and config.settings.glm or {}
  local old = vim.tbl_extend('force', running.config.init_options or {}, (running.settings or {}).glm or {})
  local settings = vim.tbl_extend('force', change(old, config.init_options or {}), chosen)
  if vim.deep_equal(settings, old) then
    return
  end
  running.settings = vim.tbl_extend('force', running.settings or {}, { glm = settings })
  running:notify('workspace/didChangeConfiguration', { settings = running.settings })
end

--- Takes what `setup` was given in place of what it was given before.
---@param cmd? string[]
---@param settings table<string, any>
function M.give(cmd, settings)
  given = { cmd = cmd, settings = settings }
  M.renew()
  local is_other = false
  for _, running in ipairs(client.all()) do
    tell(running)
    is_other = is_other or not vim.deep_equal(running.config.cmd, vim.lsp.config[client.NAME].cmd)
  end
  if is_other then
    require('glm.message')('setup: `:Glm restart` starts the server with the other `cmd`', vim.log.levels.INFO)
  end
end

--- Has Neovim read `lsp/glm.lua` anew.
function M.renew()
  vim.lsp.config(client.NAME, {})
end

return M

--- What is chosen for this session: pauses and the model. They win over the settings until Neovim ends, also for
--- servers that start later.
local clients = require('glm.client')

local M = {}

---@type table<string, any> settings by their names
local chosen = {}

--- Tells every server, and those to come.
---@param values table<string, any>
function M.choose(values)
  chosen = vim.tbl_extend('force', chosen, values)
  -- Neovim sends `settings` to each server that starts.
  vim.lsp.config('glm', { settings = { glm = chosen } })
  for _, client in ipairs(clients.all()) do
    client.settings = vim.tbl_deep_extend('force', client.settings or {}, { glm = chosen })
    if client.initialized then
      client:notify('workspace/didChangeConfiguration', { settings = client.settings })
    end
  end
  require('glm.status').redraw()
end

--- A setting as this session knows it: chosen, or configured.
---@param name string
---@return any
function M.value(name)
  if chosen[name] ~= nil then
    return chosen[name]
  end
  local config = vim.lsp.config.glm or {}
  local settings = type(config.settings) == 'table' and config.settings.glm or {}
  if settings[name] ~= nil then
    return settings[name]
  end
  return (config.init_options or {})[name]
end

--- What the server calls the language of a filetype.
---@param buffer integer
---@param filetype string
---@return string
function M.language(buffer, filetype)
  local client = clients.of(buffer) or clients.all()[1]
  return client and client.get_language_id(buffer, filetype) or filetype
end

--- Whether nothing is suggested in a buffer because of a choice or a setting.
---@param buffer integer
---@return boolean
function M.is_paused(buffer)
  if M.value('enable') == false then
    return true
  end
  local language = M.language(buffer, vim.bo[buffer].filetype)
  return vim.list_contains(M.value('disabledIn') or {}, language)
end

return M

--- What the servers say of themselves, for the status line and for others.
local clients = require('glm.client')

local M = {}

---@class glm.Status
---@field state 'starting'|'ready'|'busy'|'error'|'inactive'
---@field message string
---@field model string
---@field lastMs? number
---@field numPromptTokens? integer
---@field numCachedTokens? integer

---@type table<integer, glm.Status> the latest, by client
local latest = {}

--- The latest word of the server of a buffer; nil when it has said nothing, or there is none.
---@param buffer? integer the current one when left out
---@return glm.Status?
function M.of(buffer)
  local client = clients.of(buffer or 0)
  return client and latest[client.id]
end

---@param status glm.Status
---@return string
local function figures(status)
  if not status.lastMs then
    return 'GLM'
  end
  local text = ('GLM %.0f ms'):format(status.lastMs)
  if (status.numPromptTokens or 0) > 0 and status.numCachedTokens then
    text = ('%s %d%%'):format(text, math.floor(100 * status.numCachedTokens / status.numPromptTokens))
  end
  return text
end

--- One word or two about the current buffer; empty where no server is.
---@return string
function M.line()
  local client = clients.of(0)
  if not client then
    return ''
  end
  local status = latest[client.id]
  if not status or status.state == 'starting' then
    return 'GLM …'
  elseif status.state == 'error' then
    return 'GLM ✗'
  elseif status.state == 'inactive' or require('glm.choices').is_paused(0) then
    return 'GLM paused'
  end
  return figures(status)
end

local function announce(data)
  vim.api.nvim_exec_autocmds('User', { pattern = 'GlmStatus', modeline = false, data = data })
  vim.cmd.redrawstatus({ bang = true })
end

--- Takes `glm/status`, the server's notification.
---@param status glm.Status
---@param context lsp.HandlerContext
function M.on_status(status, context)
  if type(status) ~= 'table' then
    return
  end
  -- What JSON calls null is something in Lua.
  local known = vim.tbl_map(function(value)
    return value ~= vim.NIL and value or nil
  end, status)
  latest[context.client_id] = known
  require('glm.retrying').on_status(known, context)
  announce({ client_id = context.client_id, status = known })
end

--- Forgets a server that has ended.
---@param client_id integer
function M.forget(client_id)
  latest[client_id] = nil
  announce({ client_id = client_id })
end

--- Tells the person how the server of the current buffer is.
function M.tell()
  local tell = require('glm.message')
  local client = clients.of(0)
  if not client then
    return tell(require('glm.program').trouble() or 'no server for this buffer; `:checkhealth glm` says why')
  end
  local status = latest[client.id]
  if not status then
    return tell('the server has said nothing yet', vim.log.levels.INFO)
  end
  local words = { status.state }
  if (status.model or '') ~= '' then
    table.insert(words, 'model ' .. status.model)
  end
  if status.lastMs then
    table.insert(words, ('last suggestion in %.0f ms'):format(status.lastMs))
    local known, all = status.numCachedTokens or 0, status.numPromptTokens or 0
    table.insert(words, ('%d of %d prompt tokens known'):format(known, all))
  end
  if (status.message or '') ~= '' then
    table.insert(words, status.message)
  end
  tell(table.concat(words, ', '), vim.log.levels.INFO)
end

--- Has status lines drawn anew after something changed that no server tells.
function M.redraw()
  vim.cmd.redrawstatus({ bang = true })
end

return M

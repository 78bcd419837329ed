--- Asks for ghost text once more where it was asked for while the engine was not there yet.
local M = {}

---@type table<integer, boolean> whether the engine is there, by client
local is_ready = {}

--- Whoever draws ghost text here: this plugin, if it was started, else Neovim 0.12 where it is enabled.
---@return table?
local function drawing()
  local ghost_text = package.loaded['glm.ghost_text']
  if ghost_text and ghost_text.is_started() then
    return ghost_text
  end
  return vim.lsp.inline_completion and require('glm.ghost_text.builtin')
end

--- Takes what the server says of the engine.
---@param status { state: string }
---@param context lsp.HandlerContext
function M.on_status(status, context)
  local id = context.client_id
  local was_ready = is_ready[id]
  is_ready[id] = status.state == 'ready' or status.state == 'busy'
  local ghost_text = vim.lsp.buf_is_attached(vim.api.nvim_get_current_buf(), id) and drawing()
  if not ghost_text then
    return
  end
  if status.state == 'inactive' then
    ghost_text.hide()
  elseif is_ready[id] and not was_ready then
    ghost_text.retry()
  end
end

return M

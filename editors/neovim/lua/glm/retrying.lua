--- Asks for ghost text once more where it was asked for while the engine was not there yet.
local M = {}

---@type table<integer, boolean> whether the engine is there, by client
local is_ready = {}

--- Takes what the server says of the engine.
---@param status { state: string }
---@param context lsp.HandlerContext
function M.on_status(status, context)
  local id = context.client_id
  local was_ready = is_ready[id]
  is_ready[id] = status.state == 'ready' or status.state == 'busy'
  local buffer = vim.api.nvim_get_current_buf()
  local ghost_text = vim.lsp.inline_completion
  if
    is_ready[id]
    and not was_ready
    and ghost_text -- Neovim 0.11 has none
    and vim.lsp.buf_is_attached(buffer, id)
    and ghost_text.is_enabled({ bufnr = buffer })
    and vim.startswith(vim.api.nvim_get_mode().mode, 'i')
  then
    -- There is no call for it; Neovim asks whenever the cursor may have moved.
    vim.api.nvim_exec_autocmds('CursorMovedI', { buffer = buffer, modeline = false })
  end
end

return M

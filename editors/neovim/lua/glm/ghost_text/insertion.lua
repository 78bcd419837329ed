--- Puts text at the cursor as one step of undo of its own, which `.` repeats with what was typed around it.
local M = {}

--- Ends the current step of undo, as `CTRL-G u` does.
local function break_undo()
  vim.go.undolevels = vim.go.undolevels
end

--- Puts text at the cursor in insert mode and the cursor behind it.
---@param text string
---@param replaced string what goes, right of the cursor
function M.insert(text, replaced)
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  break_undo()
  if replaced ~= '' then
    vim.api.nvim_buf_set_text(0, row - 1, column, row - 1, column + #replaced, { '' })
  end
  vim.api.nvim_paste(text, false, -1)
  break_undo()
end

return M

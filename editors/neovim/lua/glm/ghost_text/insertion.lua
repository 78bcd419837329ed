--- Puts text at the cursor as one step of undo of its own, which `.` repeats with what was typed around it.
local M = {}

--- Ends the current step of undo, as `CTRL-G u` does.
local function break_undo()
  vim.cmd('noautocmd let &g:undolevels = &g:undolevels')
end

--- Puts text at the cursor. `nvim_paste` is the way that `.` repeats; what a person has made of `vim.paste` is for
--- text from elsewhere, and this is to be what was shown.
---@param text string
local function put(text)
  local theirs = vim.paste
  vim.paste = function(lines)
    vim.api.nvim_put(lines, 'c', false, true)
    return true
  end
  local is_done, reason = pcall(vim.api.nvim_paste, text, false, -1)
  vim.paste = theirs
  if not is_done then
    error(reason, 0)
  end
end

--- Goes over what stands right of the cursor, so that `.` goes over it, too.
---@param text string of one line
local function go_over(text)
  local keys = vim.api.nvim_replace_termcodes('<C-g>U<Right>', true, true, true)
  vim.api.nvim_feedkeys(keys:rep(vim.fn.strchars(text, 1)), 'ni', false)
end

--- Puts text at the cursor in insert mode and the cursor behind it.
---@param text string
---@param replaced string what goes, right of the cursor
function M.insert(text, replaced)
  break_undo()
  if replaced ~= '' and #text > #replaced and vim.endswith(text, replaced) then
    -- What would be deleted and put there again stays: a deletion is nothing that `.` knows of.
    put(text:sub(1, #text - #replaced))
    go_over(replaced)
  else
    local row, column = unpack(vim.api.nvim_win_get_cursor(0))
    if replaced ~= '' then
      vim.api.nvim_buf_set_text(0, row - 1, column, row - 1, column + #replaced, { '' })
    end
    put(text)
  end
  break_undo()
end

return M

--- Where the cursor is, and whether ghost text has a place there: the editor's state, and nothing of suggestions.
local M = {}

---@class glm.Moment
---@field buffer integer
---@field tick integer
---@field row integer
---@field column integer bytes
---@field beyond integer columns behind the end of the line

local is_block_insert = false

---@return glm.Moment
function M.now()
  local _, line, column, beyond = unpack(vim.fn.getcurpos())
  local buffer = vim.api.nvim_get_current_buf()
  local tick = vim.api.nvim_buf_get_changedtick(buffer)
  return { buffer = buffer, tick = tick, row = line - 1, column = column - 1, beyond = beyond }
end

---@return boolean
function M.is_inserting()
  return vim.startswith(vim.api.nvim_get_mode().mode, 'i')
end

---@return boolean
function M.is_menu_item_selected()
  return vim.fn.pumvisible() == 1 and vim.fn.complete_info({ 'selected' }).selected >= 0
end

--- Whether ghost text has a place here. A macro has to do the same wherever it runs, and what is selected in the
--- menu is what a key takes.
---@return boolean
function M.is_wanted()
  return M.is_inserting()
    and not is_block_insert
    and vim.fn.reg_recording() == ''
    and vim.fn.reg_executing() == ''
    and vim.fn.getcmdwintype() == ''
    and not vim.o.paste
    and vim.bo.modifiable
    and not M.is_menu_item_selected()
    and vim.fn.foldclosed('.') == -1
    and vim.fn.getcurpos()[4] == 0 -- else the cursor stands where no text is
end

--- Takes from which mode insert mode was entered: only there it can be seen that it is that of a block.
---@param mode string as `mode()` gives it
function M.on_insert(mode)
  if not mode:find('^i') and not mode:find('^ni') then
    is_block_insert = mode == '\22'
  end
end

return M

--- Windows of the plugin's own: a text to read, a file, a program with its questions.
local program = require('glm.program')
local tell = require('glm.message')

local M = {}

--- Shows lines in a window below, which `q` closes. The same name takes the same window again.
---@param name string
---@param lines string[]
function M.text(name, lines)
  local address = 'glm://' .. name
  local buffer = vim.fn.bufnr('^' .. address .. '$')
  local window = buffer > 0 and vim.fn.win_findbuf(buffer)[1]
  if window then
    vim.api.nvim_set_current_win(window) -- in whichever tab page it is
  else
    buffer = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_name(buffer, address)
    vim.cmd('botright sbuffer ' .. buffer)
    vim.bo[buffer].bufhidden = 'wipe'
    vim.wo[0][0].wrap = false
    vim.wo[0][0].spell = false
    vim.keymap.set('n', 'q', '<Cmd>bwipeout<CR>', { buffer = buffer, desc = 'Close' })
  end
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, true, lines)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].modified = false
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
end

--- Shows the end of a file in a window below, as it is now.
---@param path string
function M.tail(path)
  vim.cmd('botright sview ' .. vim.fn.fnameescape(path))
  vim.bo.autoread = true -- `:checktime` brings what came since
  vim.bo.bufhidden = 'wipe'
  vim.bo.swapfile = false
  vim.cmd('normal! G')
end

--- Runs a command of the program in a terminal below, where it asks its questions and draws its bars.
---@param arguments string[]
---@param on_success? fun()
function M.terminal(arguments, on_success)
  local command = program.command(unpack(arguments))
  if vim.fn.executable(command[1]) == 0 then
    return tell(program.trouble() or (command[1] .. ' cannot be run'), vim.log.levels.ERROR)
  end
  vim.cmd('botright new')
  vim.bo.bufhidden = 'hide' -- closing the window does not end what runs in it
  local buffer = vim.api.nvim_get_current_buf()
  local job = vim.fn.jobstart(command, {
    term = true,
    env = program.environment(),
    on_exit = function(_, code)
      if code == 0 and on_success then
        on_success()
      elseif code ~= 0 and vim.api.nvim_buf_is_valid(buffer) and #vim.fn.win_findbuf(buffer) == 0 then
        local what = vim.iter(arguments):take(2):join(' ')
        tell(('`glm-lsp %s` failed; `:sbuffer %d` shows why'):format(what, buffer), vim.log.levels.ERROR)
      end
    end,
  })
  if job > 0 then
    vim.cmd('normal! G') -- the window follows what is written
  end
end

return M

--- The logs: the engine's own, and what Neovim keeps of the server's words.
local program = require('glm.program')
local tell = require('glm.message')

local M = {}

--- The engine's latest log; nil when none has run on this machine.
---@return string?
function M.engine()
  local newest, newest_time = nil, -1
  for name, kind in vim.fs.dir(program.log_folder()) do
    if kind == 'file' and vim.startswith(name, 'engine-') and vim.endswith(name, '.log') then
      local path = vim.fs.joinpath(program.log_folder(), name)
      local stat = vim.uv.fs_stat(path)
      local time = stat and stat.mtime.sec + stat.mtime.nsec / 1e9 or -1
      if time > newest_time then
        newest, newest_time = path, time
      end
    end
  end
  return newest
end

--- What Neovim wrote down of every server.
---@return string
function M.editor()
  return vim.lsp.log.get_filename()
end

--- Opens a log at its end.
---@param which? string 'engine' or 'editor'; the engine's when left out and there is one
function M.show(which)
  if which and which ~= 'engine' and which ~= 'editor' then
    return tell(('there is no log %s, only editor and engine'):format(which))
  end
  local path = which ~= 'editor' and M.engine() or nil
  if which == 'engine' and not path then
    return tell(('no engine has written a log into %s'):format(program.log_folder()))
  end
  require('glm.window').tail(path or M.editor())
end

return M

--- The program `glm-lsp`: how it is called, where it writes, and whether it is there.
local client = require('glm.client')
local tell = require('glm.message')

local M = {}

---@return vim.lsp.Config
local function config()
  return vim.lsp.config[client.NAME] or {}
end

--- Whether Neovim is to start it for buffers that are opened.
---@return boolean
function M.is_enabled()
  return not vim.lsp.is_enabled or vim.lsp.is_enabled(client.NAME) -- the first 0.11 could not tell
end

--- How a command of it is called from a shell: what is configured before `serve`, and the arguments.
---@param ... string
---@return string[]
function M.command(...)
  local cmd = config().cmd
  local command = {}
  for _, word in ipairs(type(cmd) == 'table' and cmd or { 'glm-lsp' }) do
    if word == 'serve' then
      break
    end
    table.insert(command, word)
  end
  return vim.list_extend(command, { ... })
end

--- Variables that are configured for it, on top of Neovim's own.
---@return table<string, string>?
function M.environment()
  local environment = config().cmd_env
  return type(environment) == 'table' and environment or nil
end

--- Runs a command of it and reads the JSON that it prints.
---@param arguments string[]
---@param on_answer fun(answer?: any, complaint?: string) called later, in the main loop
function M.json(arguments, on_answer)
  local command = M.command(unpack(arguments))
  local answer = vim.schedule_wrap(function(done)
    local is_read, value = pcall(vim.json.decode, done.stdout or '', { luanil = { object = true } })
    if is_read then
      return on_answer(value)
    end
    local said = vim.trim(done.stderr or '')
    on_answer(nil, ('`%s` failed: %s'):format(table.concat(command, ' '), said ~= '' and said or 'code ' .. done.code))
  end)
  local is_started, reason = pcall(vim.system, command, { env = M.environment(), text = true }, answer)
  if not is_started then
    vim.schedule(function()
      on_answer(nil, M.trouble() or tostring(reason))
    end)
  end
end

--- The folder of the engine's logs, as the program chooses it.
---@return string
function M.log_folder()
  local variables = vim.tbl_extend('force', vim.fn.environ(), M.environment() or {})
  local function variable(name)
    return variables[name] and variables[name] ~= '' and variables[name] or nil
  end
  if variable('GLM_LSP_HOME') then
    return vim.fs.joinpath(vim.fs.abspath(variable('GLM_LSP_HOME')), 'logs')
  end
  local home = vim.uv.os_homedir() or '~'
  if vim.fn.has('win32') == 1 then
    local base = variable('LOCALAPPDATA') or vim.fs.joinpath(home, 'AppData', 'Local')
    return vim.fs.joinpath(vim.fs.normalize(base), 'glm-lsp', 'Logs')
  end
  if vim.fn.has('mac') == 1 then
    return vim.fs.joinpath(home, 'Library', 'Logs', 'glm-lsp')
  end
  return vim.fs.joinpath(variable('XDG_STATE_HOME') or vim.fs.joinpath(home, '.local', 'state'), 'glm-lsp', 'log')
end

--- Why no server can be started, with what helps; nil when the program is there.
---@return string?
function M.trouble()
  local cmd = config().cmd
  if type(cmd) ~= 'table' or vim.fn.executable(cmd[1]) == 1 then
    return nil
  end
  if cmd[1] == 'glm-lsp' then
    return 'glm-lsp is not on the PATH of this Neovim, so nothing is completed. Install it (`make install` in its '
      .. "checkout), or name it: vim.lsp.config('glm', { cmd = { '/path/to/glm-lsp', 'serve' } })"
  end
  return ('%s, which is configured as the server, cannot be run, so nothing is completed. Correct `cmd`.'):format(
    cmd[1]
  )
end

local told ---@type string?

--- Tells, once, that there is no program.
function M.check()
  local trouble = M.trouble()
  if trouble and trouble ~= told then
    told = trouble
    tell(trouble, vim.log.levels.ERROR)
  end
end

return M

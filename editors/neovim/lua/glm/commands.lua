--- `:Glm` and what stands behind it.
local tell = require('glm.message')

local M = {}

local STYLES = {
  'auto',
  'doxygen',
  'go',
  'google',
  'javadoc',
  'jsdoc',
  'numpy',
  'plain',
  'rustdoc',
  'sphinx',
  'tsdoc',
}
local LOGS = { 'editor', 'engine' }

---@class glm.Command
---@field run fun(words: string[], given: vim.api.keyset.create_user_command.command_args)
---@field most integer how many words it takes
---@field least? integer how many it needs
---@field complete? string[]|fun(lead: string): string[] its first word
---@field takes_rest? boolean all that stands behind its name is one word, as it was typed, also for `complete`

---@param lead string
local function filetypes(lead)
  return vim.fn.getcompletion(lead, 'filetype')
end

---@type table<string, glm.Command>
local COMMANDS = {
  cancel = {
    most = 0,
    run = function()
      require('glm.docstring').cancel()
    end,
  },
  docstring = {
    most = 1,
    complete = STYLES,
    run = function(words, given)
      require('glm.docstring').generate({
        scope = given.bang and 'file' or given.range > 0 and 'block' or 'definition',
        first = given.line1,
        last = given.line2,
        style = words[1],
      })
    end,
  },
  doctor = {
    most = 0,
    run = function()
      require('glm.window').terminal({ 'doctor' })
    end,
  },
  import = {
    least = 1,
    most = 1,
    takes_rest = true,
    complete = function(typed)
      return require('glm.importing').folders(typed)
    end,
    run = function(words)
      require('glm.importing').import(words[1])
    end,
  },
  log = {
    most = 1,
    complete = LOGS,
    run = function(words)
      require('glm.logs').show(words[1])
    end,
  },
  model = {
    most = 1,
    complete = function()
      return require('glm.models').names()
    end,
    run = function(words)
      require('glm.models').choose(words[1])
    end,
  },
  pause = {
    most = 1,
    complete = filetypes,
    run = function(words)
      require('glm.pausing').pause(words[1])
    end,
  },
  restart = {
    most = 0,
    run = function()
      require('glm.restarting').restart()
    end,
  },
  resume = {
    most = 1,
    complete = filetypes,
    run = function(words)
      require('glm.pausing').resume(words[1])
    end,
  },
  status = {
    most = 0,
    run = function()
      require('glm.status').tell()
    end,
  },
  why = {
    most = 0,
    run = function()
      require('glm.why').show()
    end,
  },
}

--- The names of what `:Glm` can do, sorted.
---@return string[]
function M.names()
  return vim.fn.sort(vim.tbl_keys(COMMANDS))
end

--- Does what a command line asks.
---@param given vim.api.keyset.create_user_command.command_args
function M.run(given)
  local words = vim.deepcopy(given.fargs)
  local name = table.remove(words, 1) or 'status'
  local command = COMMANDS[name]
  if not command then
    local nearest = require('glm.options').nearest(name, M.names())
    local guess = nearest and (' Did you mean %s?'):format(nearest) or ''
    return tell(('there is no `:Glm %s`.%s It can: %s'):format(name, guess, table.concat(M.names(), ', ')))
  end
  if command.takes_rest and #words > 0 then
    words = { given.args:match('^%S+%s+(.-)%s*$') }
  end
  if #words < (command.least or 0) then
    return tell(('`:Glm %s` wants to know what; `:help :Glm-%s`'):format(name, name))
  end
  if #words > command.most then
    return tell(('`:Glm %s` takes %s; `:help :Glm-%s`'):format(name, command.most == 0 and 'nothing' or 'one word', name))
  end
  if name ~= 'docstring' and (given.bang or given.range > 0) then
    return tell(('`:Glm %s` takes neither lines nor a bang; `:Glm docstring` does'):format(name))
  end
  command.run(words, given)
end

--- Completes a command line.
---@param lead string
---@param line string
---@param position integer
---@return string[]
function M.complete(lead, line, position)
  local before = line:sub(1, position):match('%f[%a]Glm?!?%s+(.*)$') or ''
  local name, rest = before:match('^(%S+)%s+(.*)$')
  local command = COMMANDS[name]
  local offered = {}
  if not name then
    offered = M.names()
  elseif command and command.takes_rest then
    -- Neovim puts what is offered in the place of the last word only.
    offered = vim.tbl_map(function(whole)
      return whole:sub(#rest - #lead + 1)
    end, command.complete(rest))
  elseif command and not rest:find('%s') then
    offered = command.complete or {}
    offered = type(offered) == 'function' and offered(lead) or offered
  end
  return vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, offered --[[@as string[] ]])
end

return M

--- Models: which are installed, and which one is used in this session.
local choices = require('glm.choices')
local program = require('glm.program')
local tell = require('glm.message')

local M = {}

local LIST = { 'model', 'list', '--json' }
local PATIENCE_MS = 5000

---@class glm.Model
---@field name string
---@field state string
---@field error? string

---@param model glm.Model
---@return string
local function line(model)
  local is_used = model.name == (choices.value('model') or 'starter')
  return ('%s%s'):format(model.name, is_used and ' (in use)' or model.error and ' (' .. model.error .. ')' or '')
end

---@param name string
local function use(name)
  choices.choose({ model = name })
  tell(
    ("uses %s until Neovim ends; require('glm').setup({ settings = { model = '%s' } }) keeps it"):format(name, name),
    vim.log.levels.INFO
  )
end

---@param models glm.Model[]
---@param name string
local function use_if_installed(models, name)
  local names = vim.tbl_map(function(model)
    return model.name
  end, models)
  if vim.list_contains(names, name) or vim.fn.isdirectory(name) == 1 then
    return use(name)
  end
  tell(('there is no model %s, only %s; `:Glm import` brings others'):format(name, table.concat(names, ', ')))
end

--- Uses a model from now on.
---@param name? string asked for when left out
function M.choose(name)
  program.json(LIST, function(models, complaint)
    if not models then
      return tell(complaint, vim.log.levels.ERROR)
    end
    if name then
      return use_if_installed(models, name)
    end
    vim.ui.select(models, { prompt = 'GLM model', format_item = line }, function(model)
      if model then
        use(model.name)
      end
    end)
  end)
end

--- The names of installed models, for completion of a command line, which waits for them.
---@return string[]
function M.names()
  local is_started, job = pcall(vim.system, program.command(unpack(LIST)), { env = program.environment(), text = true })
  local done = is_started and job:wait(PATIENCE_MS)
  local is_read, models = pcall(vim.json.decode, done and done.stdout or '')
  return is_read and vim.tbl_map(function(model)
    return model.name
  end, models) or {}
end

return M

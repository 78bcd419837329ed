--- Bringing in a model: what stands behind `:Glm import` is the folder as it was typed, and then options.
local tell = require('glm.message')

local M = {}

---@param path string as the program reads it, which knows `~` and nothing else of a shell
---@return boolean
local function is_folder(path)
  return vim.fn.isdirectory((path:gsub('^~%f[/\\%z]', vim.uv.os_homedir() or '~'))) == 1
end

--- A path as it stands, unless that is no folder and it is one when what is quoted as Vim does it is read so.
---@param typed string
---@return string
local function as_meant(typed)
  local unquoted = typed:gsub('\\(%W)', '%1')
  return not is_folder(typed) and is_folder(unquoted) and unquoted or typed
end

---@param options string
---@return string[]
local function words(options)
  local found = vim.split(options:gsub('\\ ', '\1'), '%s+', { trimempty = true })
  return vim.tbl_map(function(word)
    return (word:gsub('\1', ' '))
  end, found)
end

--- What the program is called with. Blanks belong to the folder's name, and so does everything else up to an option.
---@param typed string
---@return string[]
function M.arguments(typed)
  if typed:find('^%-%-%a') then
    return words(typed) -- the program's own rules, then
  end
  local source, options = typed:gsub('^%-%-%s+', ''), ''
  if not is_folder(source) then
    local first = source:find('%s+%-%-%a')
    if first then
      source, options = source:sub(1, first - 1), source:sub(first)
    end
  end
  return vim.list_extend(words(options), { '--', as_meant(source) })
end

--- The folders whose names go on as what was typed.
---@param typed string
---@return string[]
function M.folders(typed)
  local separators = vim.fn.has('win32') == 1 and '[/\\]' or '/'
  local parent, beginning = typed:match('^(.*' .. separators .. ')(.*)$')
  parent, beginning = parent or '', beginning or typed
  local folder = parent == '' and '.' or as_meant(parent):gsub('^~%f[/\\]', vim.uv.os_homedir() or '~')
  local found = {}
  for name in vim.fs.dir(folder) do
    local is_wanted = vim.startswith(name, beginning) and (beginning ~= '' or not vim.startswith(name, '.'))
    if is_wanted and is_folder(vim.fs.joinpath(folder, name)) then
      table.insert(found, parent .. name .. '/')
    end
  end
  return vim.fn.sort(found)
end

--- Imports a checkpoint in a terminal, where the program asks, shows how far it is, and says why it failed.
---@param typed string
function M.import(typed)
  local arguments = M.arguments(typed)
  local makes_none = vim.list_contains(arguments, '--dry-run') or vim.list_contains(arguments, '--help')
  require('glm.window').terminal(vim.list_extend({ 'model', 'import' }, arguments), function()
    if not makes_none then
      tell('the model is installed. `:Glm model` chooses it.', vim.log.levels.INFO)
    end
  end)
end

return M

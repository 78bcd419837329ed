--- What `setup` takes: checked one by one, so that a slip costs no more than the option it was made in.
local M = {}

M.KEYS = {
  accept = '<Tab>',
  accept_word = '<M-Right>',
  accept_line = '<M-C-Right>',
  next = '<M-]>',
  previous = '<M-[>',
  dismiss = '<C-]>',
  suggest = '<C-x><C-g>',
}

M.SETTINGS = {
  'debounceMs',
  'device',
  'disabledIn',
  'docstringStyle',
  'enable',
  'engineUrl',
  'lingerS',
  'logLevel',
  'memoryMib',
  'model',
  'suggest',
  'threads',
}

---@class glm.Options
---@field ghost_text 'glm'|'builtin'|false
---@field keys table<string, string>|false
---@field cmd? string[]
---@field settings table<string, any>
M.DEFAULTS = { ghost_text = 'glm', keys = M.KEYS, settings = {} }

---@param a string
---@param b string
---@return integer how many letters have to be put in, taken out or changed
local function distance(a, b)
  local row = vim.fn.range(0, #b)
  for i = 1, #a do
    local diagonal = row[1]
    row[1] = i
    for j = 1, #b do
      local cost = diagonal + (a:sub(i, i) == b:sub(j, j) and 0 or 1)
      diagonal = row[j + 1]
      row[j + 1] = math.min(cost, row[j] + 1, diagonal + 1)
    end
  end
  return row[#b + 1]
end

--- The name that a slip was probably meant to be; nil when none is like it.
---@param slip string
---@param names string[]
---@return string?
function M.nearest(slip, names)
  local best, least = nil, 1 + math.max(2, math.floor(#slip / 3))
  for _, name in ipairs(names) do
    local far = vim.startswith(name, slip) and 0 or distance(slip:lower(), name:lower())
    if far < least then
      best, least = name, far
    end
  end
  return best
end

---@param what string
---@param slip any
---@param names string[]
---@return string
local function unknown(what, slip, names)
  local nearest = M.nearest(tostring(slip), names)
  local guess = nearest and ('did you mean %s?'):format(nearest) or 'there are: ' .. table.concat(names, ', ')
  return ('there is no %s %s; %s'):format(what, tostring(slip), guess)
end

--- Pairs in the order of their names, whatever the names are.
---@param given table
---@return { [1]: any, [2]: any }[]
local function sorted(given)
  local found = {}
  for name, value in pairs(given) do
    table.insert(found, { name, value })
  end
  table.sort(found, function(one, other)
    return tostring(one[1]) < tostring(other[1])
  end)
  return found
end

---@param value any
---@return boolean
local function is_command(value)
  return vim.islist(value)
    and #value > 0
    and vim.iter(value):all(function(word)
      return type(word) == 'string'
    end)
end

---@param keys any
---@param complain fun(text: string)
---@return table<string, string>
local function checked_keys(keys, complain)
  local checked = vim.deepcopy(M.KEYS)
  for _, pair in ipairs(sorted(keys)) do
    local name, key = unpack(pair)
    if not M.KEYS[name] then
      complain(unknown('key', name, vim.fn.sort(vim.tbl_keys(M.KEYS))))
    elseif key == false then
      checked[name] = nil
    elseif type(key) ~= 'string' or key == '' then
      complain(('keys.%s: expected a key or false, got %s'):format(name, vim.inspect(key)))
    else
      checked[name] = key
    end
  end
  local owners = {}
  for _, pair in ipairs(sorted(checked)) do
    local name, key = unpack(pair)
    local lhs = vim.api.nvim_replace_termcodes(key, true, true, true)
    if owners[lhs] then
      complain(('keys.%s: %s is the key of keys.%s already'):format(name, key, owners[lhs]))
      checked[name] = nil
    end
    owners[lhs] = owners[lhs] or name
  end
  return checked
end

---@param settings table
---@param complain fun(text: string)
---@return table<string, any>
local function checked_settings(settings, complain)
  local checked = {}
  for _, pair in ipairs(sorted(settings)) do
    local name, value = unpack(pair)
    if vim.list_contains(M.SETTINGS, name) then
      checked[name] = value -- what it may be is the server's business, which tells
    else
      complain(unknown('setting', name, M.SETTINGS))
    end
  end
  return checked
end

local CHECKS = {
  cmd = { is_command, 'a list of strings' },
  ghost_text = {
    function(value)
      return value == false or value == 'glm' or value == 'builtin'
    end,
    "'glm', 'builtin' or false",
  },
  keys = {
    function(value)
      return value == false or type(value) == 'table'
    end,
    'a table or false',
  },
  settings = {
    function(value)
      return type(value) == 'table'
    end,
    'a table',
  },
}

--- Options with every value present.
---@param given any
---@return glm.Options
---@return string[] complaints
function M.read(given)
  local options = vim.deepcopy(M.DEFAULTS)
  local complaints = {}
  local function complain(text)
    table.insert(complaints, text)
  end
  if given ~= nil and type(given) ~= 'table' then
    complain('expected a table, got ' .. vim.inspect(given))
    given = nil
  end
  for _, pair in ipairs(sorted(given or {})) do
    local name, value = unpack(pair)
    local check = CHECKS[name]
    if not check then
      complain(unknown('option', name, vim.fn.sort(vim.tbl_keys(CHECKS))))
    else
      local is_good, reason = pcall(vim.validate, name, value, check[1], false, check[2])
      if not is_good then
        complain((tostring(reason):gsub('^[^:]+:%d+: ', '')))
      elseif name == 'keys' and value then
        options.keys = checked_keys(value, complain)
      elseif name == 'settings' then
        options.settings = checked_settings(value, complain)
      else
        options[name] = value
      end
    end
  end
  return options, complaints
end

return M

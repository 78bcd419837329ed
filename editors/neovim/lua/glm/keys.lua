--- Keys of insert mode that do something with ghost text where there is some, and what they did before where not.
local M = {}

local DESCRIPTIONS = {
  accept = 'take the ghost text',
  accept_word = 'take a word of the ghost text',
  accept_line = 'take a line of the ghost text',
  next = 'the next suggestion',
  previous = 'the previous suggestion',
  dismiss = 'dismiss the ghost text',
  suggest = 'ask for a suggestion',
}

---@class glm.Key
---@field lhs string
---@field callback fun(): string
---@field before? table what was mapped globally
---@field comes_back boolean whether that may lead to the key again
---@field is_falling boolean whether it is being done just now

---@type table<string, glm.Key> what is mapped, by action
local mapped = {}
---@type string[] the actions, in the order in which their keys were taken
local order = {}

---@param keys string
---@return string
local function raw(keys)
  return vim.api.nvim_replace_termcodes(keys, true, true, true)
end

--- What Neovim does with a key of insert mode that nobody has mapped. One with Alt is `<Esc>` and the key without: a
--- terminal sends the same for it as for a quick `<Esc>` and that key.
---@param lhs string
---@return string keys
---@return boolean is_escape
local function unmapped(lhs)
  local before, rest = lhs:match('^<([CSDcsd%-]*)[MAma]%-(.+)>$')
  if not before then
    return raw(lhs), false
  end
  local is_plain = before == '' and vim.fn.strchars(rest) == 1
  return raw('<Esc>' .. (is_plain and rest or ('<%s%s>'):format(before, rest))), true
end

---@param action string
---@return string
local function before_name(action)
  return ('<Plug>(glm-before-%s)'):format(action)
end

--- Whether there is something to do for a key.
---@param action string
---@return boolean
local function can_take(action)
  local ghost_text = package.loaded['glm.ghost_text'] -- nothing is shown before it is there
  if not ghost_text then
    return false
  end
  if action == 'suggest' then
    return require('glm.client').of(0) ~= nil
  end
  return ghost_text.is_visible()
end

--- Whether it did anything.
---@param action string
---@return boolean
local function take(action)
  return can_take(action) and require('glm.ghost_text')[action]() ~= false
end

--- Puts a mapping where it can be called by another name, whatever kind it is: Neovim expands it then as before.
---@param name string
---@param before? table
---@param lhs string
local function keep(name, before, lhs)
  if not before then
    return vim.keymap.set('i', name, lhs)
  end
  local copy = vim.tbl_extend('force', before, { lhs = name, lhsraw = raw(name) })
  copy.lhsrawalt = nil
  vim.fn.mapset('i', false, copy)
end

---@param lhs string
---@return table?
local function global(lhs)
  for _, mapping in ipairs(vim.api.nvim_get_keymap('i')) do
    if raw(mapping.lhs) == raw(lhs) then
      return mapping
    end
  end
end

--- Does what a key of ours is for, or else what it was for before. Called between keys, where the text may be changed.
---@param action string
function M.press(action)
  local key = mapped[action]
  if not key or take(action) then
    return
  end
  if key.comes_back then
    key.is_falling = true
    vim.schedule(function()
      key.is_falling = false
    end)
  end
  vim.api.nvim_feedkeys(raw(before_name(action)), 'mi', false)
end

--- What a key stands for. Text, so that it stays in line with the keys behind it also where another plugin goes on to
--- this mapping, as blink.cmp does.
---@param action string
---@param lhs string
---@return string
local function expand(action, lhs)
  local key = mapped[action]
  if not key or key.is_falling then
    if key then
      key.is_falling = false
    end
    return raw(lhs)
  end
  if not key.before and not can_take(action) then
    return (unmapped(lhs))
  end
  local pressed = raw(("<Cmd>lua require('glm.keys').press('%s')<CR>"):format(action))
  -- That key expands abbreviations, which may be what it was pressed for.
  local is_both = action == 'dismiss' and not key.before and raw(lhs) == raw('<C-]>')
  return is_both and pressed .. raw(lhs) or pressed
end

---@param action string
---@param lhs string
local function map(action, lhs)
  local before = global(lhs)
  keep(before_name(action), before, lhs)
  local function callback()
    return expand(action, lhs)
  end
  -- One that is mapped again may begin with the key itself, and so come back here.
  local comes_back = before ~= nil and before.noremap == 0 and before.script ~= 1
  mapped[action] = { lhs = lhs, callback = callback, before = before, comes_back = comes_back, is_falling = false }
  table.insert(order, action)
  local _, is_escape = unmapped(lhs)
  vim.keymap.set('i', lhs, callback, {
    expr = true,
    replace_keycodes = false,
    remap = not before and is_escape, -- behind `<Esc>` may be a mapping of normal mode
    desc = 'GLM: ' .. DESCRIPTIONS[action],
  })
end

--- Gives the keys back to what had them, as far as nobody has taken or cleared them since.
function M.clear()
  for index = #order, 1, -1 do
    local action = order[index]
    local key = mapped[action]
    pcall(vim.keymap.del, 'i', before_name(action))
    local now = global(key.lhs)
    if now and now.callback == key.callback then
      vim.keymap.del('i', key.lhs)
      if key.before then
        vim.fn.mapset('i', false, key.before)
      end
    end
  end
  mapped, order = {}, {}
end

--- Takes keys.
---@param keys table<string, string> by action
function M.set(keys)
  M.clear()
  for action, lhs in vim.spairs(keys) do
    map(action, lhs)
  end
end

--- The keys that were taken, by action.
---@return table<string, string>
function M.all()
  return vim.tbl_map(function(key)
    return key.lhs
  end, mapped)
end

--- Keys that somebody else has in a buffer, or has taken since, so that the action is not reached first.
---@param buffer integer
---@return { action: string, lhs: string, owner: string }[]
function M.taken(buffer)
  local found = {}
  for action, key in pairs(mapped) do
    local owner
    for _, mapping in ipairs(vim.api.nvim_buf_get_keymap(buffer, 'i')) do
      if raw(mapping.lhs) == raw(key.lhs) then
        owner = mapping
      end
    end
    local now = global(key.lhs)
    if not owner and not (now and now.callback == key.callback) then
      owner = now or {}
    end
    if owner then
      local name = owner.desc or owner.rhs or 'nobody'
      table.insert(found, { action = action, lhs = key.lhs, owner = name })
    end
  end
  table.sort(found, function(a, b)
    return a.action < b.action
  end)
  return found
end

return M

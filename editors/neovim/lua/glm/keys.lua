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
---@field callback fun()
---@field before? table what was mapped globally

---@type table<string, glm.Key> what is mapped, by action
local mapped = {}

---@param keys string
---@return string
local function raw(keys)
  return vim.api.nvim_replace_termcodes(keys, true, true, true)
end

--- Whether it did anything.
---@param action string
---@return boolean
local function take(action)
  local ghost_text = package.loaded['glm.ghost_text'] -- nothing is shown before it is there
  if not ghost_text then
    return false
  end
  if action == 'suggest' then
    if #require('glm.program').clients({ bufnr = 0 }) == 0 then
      return false
    end
    ghost_text.suggest()
    return true
  end
  return ghost_text.is_visible() and ghost_text[action]()
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

---@param action string
---@param lhs string
local function map(action, lhs)
  local before = global(lhs)
  local name = ('<Plug>(glm-before-%s)'):format(action)
  keep(name, before, lhs)
  -- One that is mapped again may begin with the key itself, and so come back here.
  local comes_back = before and before.noremap == 0 and before.script ~= 1
  local is_falling = false
  local function press()
    if is_falling then
      is_falling = false
      return vim.api.nvim_feedkeys(raw(lhs), 'ni', false)
    end
    if take(action) then
      return
    end
    if comes_back then
      is_falling = true
      vim.schedule(function()
        is_falling = false
      end)
    end
    vim.api.nvim_feedkeys(raw(name), 'mi', false)
  end
  vim.keymap.set('i', lhs, press, { desc = 'GLM: ' .. DESCRIPTIONS[action] })
  mapped[action] = { lhs = lhs, callback = press, before = before }
end

--- Gives the keys back to what had them, as far as nobody has taken them since.
function M.clear()
  for action, key in pairs(mapped) do
    vim.keymap.del('i', ('<Plug>(glm-before-%s)'):format(action))
    local now = global(key.lhs)
    if now and now.callback == key.callback then
      vim.keymap.del('i', key.lhs)
      if key.before then
        vim.fn.mapset('i', false, key.before)
      end
    end
  end
  mapped = {}
end

--- Takes keys.
---@param keys table<string, string> by action
function M.set(keys)
  M.clear()
  for action, lhs in pairs(keys) do
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

--- Ghost text of our own: when to ask, and how what is shown is taken, changed for another and dismissed.
---
---     key -> offer.follow: shorter at once, or gone -> update: fits the cursor? -> ask -> answer: the same, or another
local clients = require('glm.client')
local display = require('glm.ghost_text.display')
local events = require('glm.ghost_text.events')
local insertion = require('glm.ghost_text.insertion')
local occasion = require('glm.ghost_text.occasion')
local offer = require('glm.ghost_text.offer')
local request = require('glm.ghost_text.request')
local suggestion = require('glm.ghost_text.suggestion')

local M = {}

local asked ---@type glm.Moment?
local seen ---@type glm.Moment? what is shown is in line with it
local dismissed ---@type { buffer: integer, tick: integer }?

local function stop_all()
  request.cancel()
  asked, seen = nil, nil
  offer.forget()
end

---@param step integer
---@return boolean
local function ask_by_hand(step)
  dismissed = nil
  if not occasion.is_wanted() then
    return false
  end
  asked = occasion.now()
  return request.ask(true, function(suggestions)
    if offer.on_wanted_answer(suggestions, step) then
      events.watch(vim.api.nvim_get_current_buf())
    end
  end)
end

--- Brings what is shown in line with the text and the cursor, and asks where it has not been asked.
---@param is_forced? boolean ask also where it has been asked
function M.update(is_forced)
  if not events.is_started() then
    return
  end
  local moment = occasion.now()
  if not occasion.is_wanted() or not clients.suggesting(moment.buffer) then
    return stop_all()
  end
  if dismissed and (dismissed.buffer ~= moment.buffer or dismissed.tick ~= moment.tick) then
    dismissed = nil
  end
  if dismissed then
    return stop_all()
  end
  offer.refresh()
  seen = moment
  if not is_forced and asked and vim.deep_equal(asked, moment) then
    return
  end
  asked = moment
  request.ask(false, function(suggestions)
    if offer.on_automatic_answer(suggestions) then
      events.watch(moment.buffer)
    end
  end)
end

--- Takes a part of what is shown.
---@param name string of the function that is called for it
---@param part fun(text: string): string
---@return boolean
local function take(name, part)
  local rest = occasion.is_wanted() and offer.rest()
  local current = offer.current()
  if not rest or not current then
    return false
  end
  if vim.fn.pumvisible() == 1 then
    -- The menu is ended first, with what stands there: its next key would put back the text of before.
    local keys = ("<C-x><C-z><Cmd>lua require('glm.ghost_text').%s()<CR>"):format(name)
    vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(keys, true, true, true), 'ni', false)
    return true
  end
  local text = part(rest.text)
  if text ~= rest.text then
    -- What stands right of the cursor is a part of the whole only.
    insertion.insert(text, '')
    if text:find('\n', 1, true) then
      offer.go_on_below(rest, text)
    end
    M.update()
    return true
  end
  local client = clients.suggesting(vim.api.nvim_get_current_buf())
  stop_all()
  insertion.insert(text, rest.replaced)
  if client and current.command then
    client:exec_cmd(current.command, { bufnr = vim.api.nvim_get_current_buf() })
  end
  return true
end

---@return boolean
function M.accept()
  return take('accept', function(text)
    return text
  end)
end

---@return boolean
function M.accept_word()
  return take('accept_word', suggestion.word)
end

---@return boolean
function M.accept_line()
  return take('accept_line', suggestion.line)
end

---@param step integer
---@return boolean
local function cycle(step)
  if not offer.rest() then
    return ask_by_hand(0)
  end
  if not offer.is_complete() then
    return ask_by_hand(step)
  end
  return offer.go(step)
end

---@return boolean
function M.next()
  return cycle(1)
end

---@return boolean
function M.previous()
  return cycle(-1)
end

--- Asks by hand.
function M.suggest()
  ask_by_hand(0)
end

--- Hides what is shown, and shows nothing before the text changes.
---@return boolean
function M.dismiss()
  local was_visible = M.is_visible()
  local moment = occasion.now()
  dismissed = { buffer = moment.buffer, tick = moment.tick }
  stop_all()
  return was_visible
end

---@return boolean
function M.is_visible()
  return occasion.is_wanted() and offer.rest() ~= nil
end

--- Asks once more if nothing is shown: the engine has come.
function M.retry()
  if events.is_started() and not M.is_visible() then
    M.update(true)
  end
end

--- Hides what is shown: the server suggests nothing any more.
function M.hide()
  stop_all()
end

--- Watches what is typed from now on.
function M.start()
  display.set_highlights()
  events.start({
    on_key = function()
      if not (seen and vim.deep_equal(seen, occasion.now())) then -- a key that changes the text is two events
        M.update()
      end
    end,
    on_change = M.update,
    on_leave = stop_all,
  })
  M.update()
end

--- Takes `start` back.
function M.stop()
  stop_all()
  events.stop()
  dismissed = nil
end

return M

--- Ghost text of our own: when to ask, what of the answer is shown, and how it is taken.
---
---     key -> on_lines: shorter at once, or gone -> autocommand: fits the cursor? -> ask -> answer: the same, or another
local display = require('glm.ghost_text.display')
local insertion = require('glm.ghost_text.insertion')
local occasion = require('glm.ghost_text.occasion')
local request = require('glm.ghost_text.request')
local suggestion = require('glm.ghost_text.suggestion')

local M = {}

---@class glm.Offer what is known for the cursor's place
---@field buffer integer
---@field row integer from 0
---@field suggestions glm.Suggestion[]
---@field index integer of the one that is shown
---@field is_asked_by_hand boolean all that the server knows is here
---@field is_chosen boolean the person went to it, so only the person or a key leaves it

local augroup ---@type integer?
local offer ---@type glm.Offer?
local asked ---@type glm.Moment?
local seen ---@type glm.Moment? what is shown is in line with it
local dismissed ---@type { buffer: integer, tick: integer }?
local watched = {} ---@type table<integer, true> buffers whose changes are watched

--- What is left, at the cursor, of each suggestion that still fits; the shown one's place in the list.
---@return glm.Rest? of the one that is shown
local function fit()
  if not offer then
    return nil
  end
  local moment = occasion.now()
  if moment.buffer ~= offer.buffer or moment.row ~= offer.row then
    return nil
  end
  return suggestion.rest(offer.suggestions[offer.index], vim.api.nvim_get_current_line(), moment.column)
end

---@param rest glm.Rest
---@param column integer
local function show(rest, column)
  assert(offer)
  display.show({
    buffer = offer.buffer,
    row = offer.row,
    column = column,
    rest = rest,
    hint = offer.is_chosen and ('(%d/%d)'):format(offer.index, #offer.suggestions) or nil,
  })
end

local function forget()
  offer = nil
  display.hide()
end

local function stop_all()
  request.cancel()
  asked, seen = nil, nil
  forget()
end

--- Shows what fits the cursor, and forgets what does not.
---@return boolean whether something is shown
local function refresh()
  local rest = fit()
  if not rest or not occasion.is_wanted() then
    forget()
    return false
  end
  show(rest, occasion.now().column)
  return true
end

--- Follows a change in the text before Neovim draws it: no key shows ghost text that does not belong to it.
---@param buffer integer
---@param first integer
---@param last integer
---@param new_last integer
local function follow(buffer, first, last, new_last)
  local shown = display.shown()
  if not shown or not offer or offer.buffer ~= buffer or first > offer.row then
    return
  end
  local line = first == offer.row
    and last == first + 1
    and new_last == last
    and occasion.is_inserting()
    and vim.api.nvim_buf_get_lines(buffer, first, last, false)[1]
  local current = offer.suggestions[offer.index]
  local column = line and suggestion.column(current, line)
  local rest = column and suggestion.rest(current, line, column)
  if rest and column then
    show(rest, column)
  else
    display.hide() -- a bracket that was closed beside the key may still turn out to fit
  end
end

---@param buffer integer
local function watch(buffer)
  if watched[buffer] then
    return
  end
  watched[buffer] = vim.api.nvim_buf_attach(buffer, false, {
    on_lines = function(_, _, _, first, last, new_last)
      if not augroup then
        watched[buffer] = nil
        return true
      end
      follow(buffer, first, last, new_last)
    end,
    on_reload = forget,
    on_detach = function()
      watched[buffer] = nil
    end,
  }) or nil
end

--- Those of the suggestions that fit, with the place in the list of one that is wanted.
---@param suggestions glm.Suggestion[]
---@param wanted? glm.Suggestion
---@return glm.Suggestion[], integer?
local function fitting(suggestions, wanted)
  local line, moment = vim.api.nvim_get_current_line(), occasion.now()
  local found, index = {}, nil
  for _, one in ipairs(suggestions) do
    if suggestion.rest(one, line, moment.column) then
      table.insert(found, one)
      if wanted and suggestion.is_same(one, wanted) then
        index = #found
      end
    end
  end
  return found, index
end

--- Takes an answer that nobody asked for by hand.
---@param suggestions glm.Suggestion[]
local function on_automatic_answer(suggestions)
  if not occasion.is_wanted() then
    return forget()
  end
  local current = fit() and offer and offer.suggestions[offer.index]
  if current and offer and offer.is_chosen then
    return
  end
  local found, index = fitting(suggestions, current or nil)
  if #found == 0 then
    return forget()
  end
  if current and index == 1 then
    current.command = found[1].command -- its place stays: there may be more to go back to
    return
  end
  local moment = occasion.now()
  offer = {
    buffer = moment.buffer,
    row = moment.row,
    suggestions = found,
    index = 1,
    is_asked_by_hand = false,
    is_chosen = false,
  }
  watch(moment.buffer)
  refresh()
end

--- Takes an answer that was asked for by hand.
---@param suggestions glm.Suggestion[]
---@param step integer how far to go from what is shown
local function on_wanted_answer(suggestions, step)
  if not occasion.is_wanted() then
    return forget()
  end
  local current = fit() and offer and offer.suggestions[offer.index] or nil
  local found, index = fitting(suggestions, current)
  if current and not index then
    table.insert(found, 1, current)
    index = 1
  end
  if #found == 0 then
    return forget()
  end
  local moment = occasion.now()
  offer = {
    buffer = moment.buffer,
    row = moment.row,
    suggestions = found,
    index = index and (index - 1 + step) % #found + 1 or 1,
    is_asked_by_hand = true,
    is_chosen = step ~= 0 or #found > 1,
  }
  watch(moment.buffer)
  refresh()
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
    on_wanted_answer(suggestions, step)
  end)
end

--- Brings what is shown in line with the text and the cursor, and asks where it has not been asked.
---@param is_forced? boolean ask also where it has been asked
function M.update(is_forced)
  if not augroup then
    return
  end
  local moment = occasion.now()
  if not occasion.is_wanted() or not request.client(moment.buffer) then
    return stop_all()
  end
  if dismissed and (dismissed.buffer ~= moment.buffer or dismissed.tick ~= moment.tick) then
    dismissed = nil
  end
  if dismissed then
    return stop_all()
  end
  refresh()
  seen = moment
  if not is_forced and asked and vim.deep_equal(asked, moment) then
    return
  end
  asked = moment
  request.ask(false, on_automatic_answer)
end

--- Takes a part of what is shown.
---@param name string of the function that is called for it
---@param part fun(text: string): string
---@return boolean
local function take(name, part)
  local rest = occasion.is_wanted() and fit()
  if not rest or not offer then
    return false
  end
  if vim.fn.pumvisible() == 1 then
    -- The menu is ended first, with what stands there: its next key would put back the text of before.
    local keys = ("<C-x><C-z><Cmd>lua require('glm.ghost_text').%s()<CR>"):format(name)
    vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(keys, true, true, true), 'ni', false)
    return true
  end
  local current, client = offer.suggestions[offer.index], request.client(offer.buffer)
  local text = part(rest.text)
  if text ~= rest.text then
    -- What stands right of the cursor is a part of the whole only.
    insertion.insert(text, '')
    local row, column = unpack(vim.api.nvim_win_get_cursor(0))
    if text:find('\n', 1, true) then
      local line = vim.api.nvim_get_current_line()
      offer = vim.tbl_extend('force', offer, {
        row = row - 1,
        suggestions = {
          {
            head = line:sub(1, column),
            text = rest.text:sub(#text + 1),
            replaced = rest.replaced,
            after = rest.after,
            command = current.command,
          },
        },
        index = 1,
        is_chosen = false,
      })
    end
    M.update()
    return true
  end
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
  if not fit() or not offer then
    return ask_by_hand(0)
  end
  if not offer.is_asked_by_hand then
    return ask_by_hand(step)
  end
  local found, index = fitting(offer.suggestions, offer.suggestions[offer.index])
  offer.suggestions = found
  offer.index = ((index or 1) - 1 + step) % #found + 1
  offer.is_chosen = true
  return refresh()
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
  return occasion.is_wanted() and fit() ~= nil
end

--- Asks once more if nothing is shown: the engine has come.
function M.retry()
  if augroup and not M.is_visible() then
    M.update(true)
  end
end

--- Hides what is shown: the server suggests nothing any more.
function M.hide()
  stop_all()
end

--- Watches what is typed from now on.
function M.start()
  augroup = vim.api.nvim_create_augroup('glm.ghost_text', {})
  display.set_highlights()

  ---@param events string[]
  ---@param callback fun(event: vim.api.keyset.create_autocmd.callback_args)
  ---@param pattern? string
  local function on(events, callback, pattern)
    vim.api.nvim_create_autocmd(events, { group = augroup, pattern = pattern, callback = callback })
  end

  local later = vim.schedule_wrap(function()
    M.update()
  end)
  on({ 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, function()
    if not (seen and vim.deep_equal(seen, occasion.now())) then -- a key that changes the text is two events
      M.update()
    end
  end)
  on({ 'LspRequest' }, request.on_request)
  -- While these run, Neovim is not where it will be: not in insert mode yet, or still with the menu open.
  on({ 'InsertEnter', 'InsertChange', 'CompleteDone', 'LspAttach' }, later)
  on({ 'CompleteChanged' }, function()
    if occasion.is_menu_item_selected() then
      stop_all()
    end
  end)
  on({ 'ModeChanged' }, function()
    occasion.on_insert(vim.v.event.old_mode)
  end, '*:i*')
  on({ 'InsertLeave', 'BufLeave', 'WinLeave' }, stop_all)
  on({ 'RecordingEnter' }, stop_all)
  on({ 'OptionSet' }, later, 'modifiable')
  on({ 'LspDetach' }, function(event)
    if event.buf == vim.api.nvim_get_current_buf() then
      later()
    end
  end)
  on({ 'ColorScheme' }, display.set_highlights)
  M.update()
end

--- Takes `start` back.
function M.stop()
  stop_all()
  if augroup then
    vim.api.nvim_del_augroup_by_id(augroup)
  end
  augroup, dismissed = nil, nil
  occasion.on_insert('n')
end

return M

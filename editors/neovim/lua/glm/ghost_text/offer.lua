--- What is offered at the cursor: the suggestions that are known for its line, which one is shown, and what of it still
--- fits.
local display = require('glm.ghost_text.display')
local occasion = require('glm.ghost_text.occasion')
local suggestion = require('glm.ghost_text.suggestion')

local M = {}

---@class glm.Offer
---@field buffer integer
---@field row integer from 0
---@field suggestions glm.Suggestion[]
---@field index integer of the one that is shown
---@field is_asked_by_hand boolean all that the server knows is here
---@field is_chosen boolean the person went to it, so only the person or a key leaves it

local offer ---@type glm.Offer?

--- What is left, at the cursor, of the suggestion that is shown; nil when it does not fit any more.
---@return glm.Rest?
function M.rest()
  if not offer then
    return nil
  end
  local moment = occasion.now()
  if moment.buffer ~= offer.buffer or moment.row ~= offer.row then
    return nil
  end
  return suggestion.rest(offer.suggestions[offer.index], vim.api.nvim_get_current_line(), moment.column)
end

--- The suggestion that is shown, as long as it fits.
---@return glm.Suggestion?
function M.current()
  return M.rest() and offer and offer.suggestions[offer.index] or nil
end

--- Whether all that the server knows is here.
---@return boolean
function M.is_complete()
  return offer ~= nil and offer.is_asked_by_hand
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

--- Offers nothing any more.
function M.forget()
  offer = nil
  display.hide()
end

--- Shows what fits the cursor, and forgets what does not.
---@return boolean whether something is shown
function M.refresh()
  local rest = M.rest()
  if not rest or not occasion.is_wanted() then
    M.forget()
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
function M.follow(buffer, first, last, new_last)
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

---@param suggestions glm.Suggestion[]
---@param index integer
---@param is_asked_by_hand boolean
---@param is_chosen boolean
---@return boolean
local function begin(suggestions, index, is_asked_by_hand, is_chosen)
  local moment = occasion.now()
  offer = {
    buffer = moment.buffer,
    row = moment.row,
    suggestions = suggestions,
    index = index,
    is_asked_by_hand = is_asked_by_hand,
    is_chosen = is_chosen,
  }
  return M.refresh()
end

--- Takes an answer that nobody asked for by hand.
---@param suggestions glm.Suggestion[]
---@return boolean whether something is shown
function M.on_automatic_answer(suggestions)
  if not occasion.is_wanted() then
    M.forget()
    return false
  end
  local current = M.current()
  if current and offer and offer.is_chosen then
    return true
  end
  local found, index = fitting(suggestions, current)
  if #found == 0 then
    M.forget()
    return false
  end
  if current and index == 1 then
    current.command = found[1].command -- its place stays: there may be more to go back to
    return true
  end
  return begin(found, 1, false, false)
end

--- Takes an answer that was asked for by hand.
---@param suggestions glm.Suggestion[]
---@param step integer how far to go from what is shown
---@return boolean whether something is shown
function M.on_wanted_answer(suggestions, step)
  if not occasion.is_wanted() then
    M.forget()
    return false
  end
  local current = M.current()
  local found, index = fitting(suggestions, current)
  if current and not index then
    table.insert(found, 1, current)
    index = 1
  end
  if #found == 0 then
    M.forget()
    return false
  end
  return begin(found, index and (index - 1 + step) % #found + 1 or 1, true, step ~= 0 or #found > 1)
end

--- Goes to another suggestion that fits.
---@param step integer
---@return boolean whether something is shown
function M.go(step)
  assert(offer)
  local found, index = fitting(offer.suggestions, offer.suggestions[offer.index])
  offer.suggestions = found
  offer.index = ((index or 1) - 1 + step) % #found + 1
  offer.is_chosen = true
  return M.refresh()
end

--- Goes on below, where the cursor is since the first lines of what is shown were taken.
---@param rest glm.Rest of before
---@param taken string
function M.go_on_below(rest, taken)
  assert(offer)
  local moment = occasion.now()
  offer = vim.tbl_extend('force', offer, {
    row = moment.row,
    suggestions = {
      {
        head = vim.api.nvim_get_current_line():sub(1, moment.column),
        text = rest.text:sub(#taken + 1),
        replaced = rest.replaced,
        after = rest.after,
        command = offer.suggestions[offer.index].command,
      },
    },
    index = 1,
    is_chosen = false,
  })
end

return M

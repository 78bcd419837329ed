--- What a suggestion is, what is left of it after typing, and its parts. Strings only: nothing here knows the editor.
local M = {}

---@class glm.Suggestion
---@field head string the line before what it replaces
---@field text string what it puts there; lines are separated by `\n`
---@field replaced string what it replaces right of the cursor that it was made for
---@field after string the line behind that
---@field command? lsp.Command to be run when the whole was taken

---@class glm.Rest what is left of a suggestion at a cursor
---@field text string what there is still to come
---@field replaced string what goes, right of the cursor
---@field after string what stays, right of that

-- An editor that closes brackets puts these behind the cursor by itself.
local CLOSING = '^[%)%]}>"\'`]+$'

--- Where each byte of `few` stands in `many`, in this order; nil where one is missing.
---@param few string
---@param many string
---@return integer[]?
local function places_of(few, many)
  local places = {}
  if vim.endswith(many, few) then
    for byte = 1, #few do
      places[byte] = #many - #few + byte
    end
    return places
  end
  if few:find('[\128-\255]') then
    return nil -- a byte might be found within another character
  end
  for byte = 1, #few do
    places[byte] = many:find(few:sub(byte, byte), (places[byte - 1] or 0) + 1, true)
    if not places[byte] then
      return nil
    end
  end
  return places
end

---@param text string
---@return string
local function first_line(text)
  return text:match('^[^\n]*')
end

--- What is left of a suggestion where the cursor is now; nil when it does not fit any more.
---
--- It fits as long as its own beginning stands between its place and the cursor, and to the right of the cursor stands
--- what stood there, or that with closing brackets put before it, which are then replaced as well.
---@param suggestion glm.Suggestion
---@param line string the cursor's line
---@param column integer bytes before the cursor
---@return glm.Rest?
function M.rest(suggestion, line, column)
  local head, right = suggestion.head, suggestion.replaced .. suggestion.after
  if column < #head or line:sub(1, #head) ~= head then
    return nil
  end
  local typed = line:sub(#head + 1, column)
  local text = suggestion.text:sub(#typed + 1)
  local behind = line:sub(column + 1)
  if text == '' or not vim.startswith(suggestion.text, typed) or not vim.endswith(behind, right) then
    return nil
  end
  local closed = behind:sub(1, #behind - #right)
  if closed ~= '' and not (closed:find(CLOSING) and places_of(closed, first_line(text))) then
    return nil
  end
  local replaced = closed .. suggestion.replaced
  if text == replaced then
    return nil -- nothing would change
  end
  return { text = text, replaced = replaced, after = suggestion.after }
end

--- How many bytes of a line stand before the cursor if all that was done since is typing; nil if it cannot be.
---@param suggestion glm.Suggestion
---@param line string
---@return integer?
function M.column(suggestion, line)
  local column = #line - #suggestion.replaced - #suggestion.after
  return column >= #suggestion.head and column or nil
end

--- Whether two suggestions come to the same line and lines below.
---@param one glm.Suggestion
---@param other glm.Suggestion
---@return boolean
function M.is_same(one, other)
  return one.after == other.after
    and one.replaced == other.replaced
    and one.head .. one.text == other.head .. other.text
end

---@class glm.Piece a stretch of ghost text
---@field column integer bytes of what is replaced that stand before it
---@field text string

--- A line cut into what stands there already and what is new: the new, with its places.
---@param text string one line
---@param replaced string what it takes the place of
---@return glm.Piece[]? nil when it is not the old text with something put in
function M.pieces(text, replaced)
  local places = places_of(replaced, text)
  if not places then
    return nil
  end
  local pieces, from = {}, 1
  for column = 0, #replaced do
    local to = (places[column + 1] or #text + 1) - 1
    if to >= from then
      table.insert(pieces, { column = column, text = text:sub(from, to) })
    end
    from = to + 2
  end
  return pieces
end

---@param character string
---@return 'blank'|'word'|'sign'
local function kind(character)
  if character:find('^%s') then
    return 'blank'
  end
  -- What is not ASCII belongs to words: letters of other scripts do, and pictures may.
  return (#character > 1 or character:find('^[%w_]')) and 'word' or 'sign'
end

--- The next word with the blanks before it: letters and digits, or signs, as Ctrl+Right goes in other editors.
---@param text string not empty
---@return string
function M.word(text)
  local blanks = text:match('^%s*')
  local word, kind_of_word = blanks, nil
  for character in text:sub(#blanks + 1):gmatch('[%z\1-\127\194-\255][\128-\191]*') do
    kind_of_word = kind_of_word or kind(character)
    if kind(character) ~= kind_of_word then
      break
    end
    word = word .. character
  end
  return word
end

--- The rest of the line; behind its end, the next line with what leads to it.
---@param text string not empty
---@return string
function M.line(text)
  return text:match('^\n*[^\n]*')
end

return M

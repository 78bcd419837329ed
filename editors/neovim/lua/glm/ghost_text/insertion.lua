--- Puts text at the cursor as one step of undo of its own, which `.` and a count repeat with what was typed around it.
---
--- They repeat keys, and what was pasted. So what is new is pasted, piece by piece, and what stood right of the cursor
--- is gone over, or deleted, with keys: a change by the API is nothing that they would know of.
local suggestion = require('glm.ghost_text.suggestion')

local M = {}

local GO_ON = "<Cmd>lua require('glm.ghost_text.insertion').go_on()<CR>"

---@class glm.Step
---@field keys? string
---@field text? string

local waiting = {} ---@type string[] what is to be put in when the keys before it have been read

--- Ends the current step of undo, as `CTRL-G u` does.
local function break_undo()
  vim.cmd('noautocmd let &g:undolevels = &g:undolevels')
end

--- Puts text at the cursor. What a person has made of `vim.paste` is for text from elsewhere, and this is to be what
--- was shown. `.` pastes it once more, without us, and so through a `vim.paste` of the person's own, if there is one:
--- nothing but pasting puts in several lines so that they are repeated and neither indented nor broken on the way.
---@param text string
local function put(text)
  local theirs = vim.paste
  vim.paste = function(lines)
    vim.api.nvim_put(lines, 'c', false, true)
    return true
  end
  local is_done, reason = pcall(vim.api.nvim_paste, text, false, -1)
  vim.paste = theirs
  if not is_done then
    error(reason, 0)
  end
end

--- How often a key is pressed for each character.
---@param key string
---@param text string of one line
---@return glm.Step
local function keys_for(key, text)
  -- <Del> takes a letter's accents one by one where a person wants that.
  local is_whole = key ~= '<Del>' or not vim.o.delcombine
  return { keys = key:rep(vim.fn.strchars(text, is_whole and 1 or 0)) }
end

--- What is to be done for text to take the place of what stands right of the cursor.
---@param text string
---@param replaced string of one line
---@return glm.Step[]
local function steps_of(text, replaced)
  local pieces = suggestion.pieces(text, replaced)
  if not pieces then
    return { { text = text }, keys_for('<Del>', replaced) }
  end
  local steps, column = {}, 0
  for _, piece in ipairs(pieces) do
    table.insert(steps, keys_for('<C-g>U<Right>', replaced:sub(column + 1, piece.column)))
    table.insert(steps, { text = piece.text })
    column = piece.column
  end
  table.insert(steps, keys_for('<C-g>U<Right>', replaced:sub(column + 1)))
  return steps
end

--- Goes on after the keys before it; called by the last of them.
function M.go_on()
  local text = table.remove(waiting, 1)
  if text and text ~= '' and vim.startswith(vim.api.nvim_get_mode().mode, 'i') then
    put(text)
  end
  if #waiting == 0 then
    break_undo()
  end
end

--- Puts text at the cursor in insert mode and the cursor behind it: at once where nothing is replaced, else before the
--- next key is read.
---@param text string
---@param replaced string what goes, right of the cursor; of one line
function M.insert(text, replaced)
  break_undo()
  waiting = {}
  local keys = ''
  for _, step in ipairs(steps_of(text, replaced)) do
    if step.keys then
      keys = keys .. step.keys
    elseif keys == '' then
      put(step.text)
    else
      table.insert(waiting, step.text)
      keys = keys .. GO_ON
    end
  end
  if keys == '' then
    return break_undo()
  end
  if not vim.endswith(keys, GO_ON) then
    table.insert(waiting, '')
    keys = keys .. GO_ON
  end
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(keys, true, true, true), 'ni', false)
end

return M

--- Ghost text on the screen: extmarks in one namespace, and nothing else.
local suggestion = require('glm.ghost_text.suggestion')

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace('glm.ghost_text')
local TEXT, MORE, REPLACED = 'GlmGhostText', 'GlmGhostTextMore', 'GlmGhostTextReplaced'

---@class glm.Shown
---@field buffer integer
---@field row integer from 0
---@field column integer bytes before the ghost text
---@field rest glm.Rest
---@field hint? string

---@type glm.Shown?
local shown

--- Gives the highlight groups their colours where nobody else has.
function M.set_highlights()
  local has_own = vim.fn.hlexists('ComplHint') == 1
  vim.api.nvim_set_hl(0, TEXT, { default = true, link = has_own and 'ComplHint' or 'NonText' })
  vim.api.nvim_set_hl(0, MORE, { default = true, link = has_own and 'ComplHintMore' or 'MoreMsg' })
  vim.api.nvim_set_hl(0, REPLACED, { default = true, strikethrough = true })
end

--- A tab is a control character in virtual text, so it becomes the blanks that it would take.
---@param text string
---@param before string what stands before it on its line; long lines are measured only where a tab is
---@return string
local function without_tabs(text, before)
  if not text:find('\t', 1, true) then
    return text
  end
  local column = vim.fn.strdisplaywidth(before)
  local pieces = vim.split(text, '\t', { plain = true })
  local result = table.remove(pieces, 1)
  for _, piece in ipairs(pieces) do
    local at = column + vim.fn.strdisplaywidth(result, column)
    result = result .. (' '):rep(vim.fn.strdisplaywidth('\t', at)) .. piece
  end
  return result
end

--- Neovim shows extmarks in every window of a buffer, but a person types in one.
local function show_in_current_window()
  if vim.api.nvim__ns_set then -- may go, as its name says
    pcall(vim.api.nvim__ns_set, NAMESPACE, { wins = { vim.api.nvim_get_current_win() } })
  end
end

--- How much wider than its text others make a line by what they show within it; nil where they do right of a column.
---@param place glm.Shown
---@return integer?
local function width_of_others(place)
  local from, to = { place.row, 0 }, { place.row, -1 }
  local width = 0
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(place.buffer, -1, from, to, { details = true })) do
    local details = mark[4]
    if details and details.virt_text_pos == 'inline' and details.ns_id ~= NAMESPACE then
      if mark[3] > place.column then
        return nil
      end
      for _, chunk in ipairs(details.virt_text) do
        width = width + vim.fn.strdisplaywidth(chunk[1])
      end
    end
  end
  return width
end

--- Blanks that hide the line right of the cursor; nil where a row of the screen has no place for all of it and the ghost
--- text before it, or others show something there: nothing can cover that, and it stays where it is.
---@param place glm.Shown
---@param line string
---@param ghost_text string what is shown before it
---@return string?
local function blanks_over(place, line, ghost_text)
  local others = width_of_others(place)
  if not others then
    return nil
  end
  local before = line:sub(1, place.column)
  local left, cells = vim.fn.strdisplaywidth(before), vim.fn.strdisplaywidth(line)
  local shifted = vim.fn.strdisplaywidth(before .. ghost_text) + cells - left
  local info = vim.fn.getwininfo(vim.api.nvim_get_current_win())[1]
  local sign = vim.wo.list and vim.opt_local.listchars:get().eol and 1 or 0
  if vim.wo.wrap and shifted + others + sign > info.width - info.textoff then
    return nil
  end
  return (' '):rep(cells - left + sign)
end

---@class glm.Mark
---@field column integer
---@field options vim.api.keyset.set_extmark

--- The marks that show a rest.
---@param place glm.Shown
---@param line string
---@return glm.Mark[]
local function marks_of(place, line)
  local rest, column = place.rest, place.column
  local lines = vim.split(rest.text, '\n', { plain = true })
  local right = rest.replaced .. rest.after
  local marks = {} ---@type glm.Mark[]

  ---@param at integer
  ---@param options vim.api.keyset.set_extmark
  local function add(at, options)
    table.insert(marks, { column = at, options = options })
  end

  local pieces = #lines == 1 and suggestion.pieces(lines[1], rest.replaced)
  if pieces then
    for _, piece in ipairs(pieces) do
      local text = without_tabs(piece.text, line:sub(1, column + piece.column))
      add(column + piece.column, { virt_text = { { text, TEXT } }, virt_text_pos = 'inline' })
    end
  elseif lines[1] ~= '' then
    add(column, { virt_text = { { without_tabs(lines[1], line:sub(1, column)), TEXT } }, virt_text_pos = 'inline' })
  end
  local cover = not pieces and right ~= '' and blanks_over(place, line, lines[1]) or nil
  if cover then
    -- What stands right of the cursor will stand behind the last line, so it is shown there alone.
    add(column, { virt_text = { { cover, TEXT } }, virt_text_pos = 'overlay' })
    if #lines == 1 then
      add(column, { virt_text = { { rest.after } }, virt_text_pos = 'inline' })
    end
  elseif not pieces and rest.replaced ~= '' then
    add(column, { end_col = column + #rest.replaced, hl_group = REPLACED })
  end

  local below = {}
  for number = 2, #lines do
    below[number - 1] = { { without_tabs(lines[number], ''), TEXT } }
  end
  if #below > 0 then
    local last = below[#below]
    if cover and rest.after ~= '' then
      table.insert(last, { without_tabs(rest.after, last[1][1]) })
    end
    if place.hint then
      table.insert(last, { ' ' .. place.hint, MORE })
    end
    local overflow = not vim.wo.wrap and 'scroll' or nil
    add(column, { virt_lines = below, virt_lines_overflow = overflow })
  elseif place.hint then
    add(column, { virt_text = { { place.hint, MORE } }, virt_text_pos = 'eol' })
  end
  return marks
end

--- Shows ghost text, in place of what is shown. What is shown already is left as it is.
---@param place glm.Shown
function M.show(place)
  if shown and vim.deep_equal(shown, place) then
    return
  end
  if not shown or shown.buffer ~= place.buffer then
    M.hide()
    show_in_current_window()
  end
  local line = vim.api.nvim_buf_get_lines(place.buffer, place.row, place.row + 1, false)[1]
  if not line or place.column > #line then
    return M.hide()
  end
  local marks = marks_of(place, line)
  for id, mark in ipairs(marks) do
    local options = vim.tbl_extend('error', mark.options, { id = id, hl_mode = 'combine', undo_restore = false })
    vim.api.nvim_buf_set_extmark(place.buffer, NAMESPACE, place.row, mark.column, options)
  end
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(place.buffer, NAMESPACE, 0, -1, {})) do
    if mark[1] > #marks then
      vim.api.nvim_buf_del_extmark(place.buffer, NAMESPACE, mark[1])
    end
  end
  shown = place
end

--- Shows nothing.
function M.hide()
  if shown and vim.api.nvim_buf_is_valid(shown.buffer) then
    vim.api.nvim_buf_clear_namespace(shown.buffer, NAMESPACE, 0, -1)
  end
  shown = nil
end

---@return glm.Shown?
function M.shown()
  return shown
end

return M

--- Ghost text: what keys and commands call, whoever draws it.
---
--- `glm` is this plugin's own, for Neovim 0.11 and 0.12; `builtin` is Neovim 0.12's. As long as neither was started,
--- every call does nothing and returns false.
local M = {}

---@type table? the module that draws
local drawing

--- Shows ghost text from now on.
---@param kind 'glm'|'builtin'
function M.start(kind)
  vim.validate('kind', kind, function(given)
    return given == 'glm' or given == 'builtin'
  end, "'glm' or 'builtin'")
  if kind == 'builtin' and not vim.lsp.inline_completion then
    error("glm: ghost text of Neovim's own begins with 0.12; choose 'glm'", 0)
  end
  M.stop()
  drawing = require(kind == 'glm' and 'glm.ghost_text.presenter' or 'glm.ghost_text.builtin')
  drawing.start()
end

--- Shows none any more.
function M.stop()
  if drawing then
    drawing.stop()
    drawing = nil
  end
end

---@param name string
---@return boolean
local function call(name)
  return drawing ~= nil and drawing[name]() == true
end

--- Takes all of it.
---@return boolean whether there was something to take; likewise below
function M.accept()
  return call('accept')
end

--- Takes the next word.
---@return boolean
function M.accept_word()
  return call('accept_word')
end

--- Takes the rest of the line.
---@return boolean
function M.accept_line()
  return call('accept_line')
end

--- Shows the next suggestion; asks for more when only one is known.
---@return boolean
function M.next()
  return call('next')
end

--- Shows the one before.
---@return boolean
function M.previous()
  return call('previous')
end

--- Asks now, for several.
function M.suggest()
  call('suggest')
end

--- Hides it; none is shown before the text changes.
---@return boolean whether there was any
function M.dismiss()
  return call('dismiss')
end

---@return boolean
function M.is_visible()
  return call('is_visible')
end

--- Asks once more where it was asked in vain.
function M.retry()
  call('retry')
end

--- Hides it until the next key.
function M.hide()
  call('hide')
end

---@return boolean
function M.is_started()
  return drawing ~= nil
end

return M

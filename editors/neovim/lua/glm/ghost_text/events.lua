--- What happens in the editor that ghost text has to know of: keys, modes, windows, changes in the text.
local display = require('glm.ghost_text.display')
local occasion = require('glm.ghost_text.occasion')
local offer = require('glm.ghost_text.offer')
local request = require('glm.ghost_text.request')

local M = {}

local augroup ---@type integer?
local watched = {} ---@type table<integer, true> buffers whose changes are watched

---@return boolean
function M.is_started()
  return augroup ~= nil
end

--- Has the offer follow a buffer's changes from now on, before they are drawn.
---@param buffer integer
function M.watch(buffer)
  if watched[buffer] then
    return
  end
  watched[buffer] = vim.api.nvim_buf_attach(buffer, false, {
    on_lines = function(_, _, _, first, last, new_last)
      if not augroup then
        watched[buffer] = nil
        return true
      end
      offer.follow(buffer, first, last, new_last)
    end,
    on_reload = offer.forget,
    on_detach = function()
      watched[buffer] = nil
    end,
  }) or nil
end

---@class glm.Listener
---@field on_key fun() a key has changed the text or moved the cursor
---@field on_change fun() something else may have made or taken a place for ghost text
---@field on_leave fun() there is no place for it any more

--- Listens from now on.
---@param listener glm.Listener
function M.start(listener)
  augroup = vim.api.nvim_create_augroup('glm.ghost_text', {})

  ---@param events string[]
  ---@param callback fun(event: vim.api.keyset.create_autocmd.callback_args)
  ---@param pattern? string
  local function on(events, callback, pattern)
    vim.api.nvim_create_autocmd(events, { group = augroup, pattern = pattern, callback = callback })
  end

  local later = vim.schedule_wrap(function()
    listener.on_change()
  end)
  on({ 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, function()
    listener.on_key()
  end)
  on({ 'LspRequest' }, request.on_request)
  -- While these run, Neovim is not where it will be: not in insert mode yet, or still with the menu open.
  on({ 'InsertEnter', 'InsertChange', 'CompleteDone', 'LspAttach' }, later)
  on({ 'CompleteChanged' }, function()
    if occasion.is_menu_item_selected() then
      listener.on_leave()
    end
  end)
  on({ 'ModeChanged' }, function()
    occasion.on_insert(vim.v.event.old_mode)
  end, '*:i*')
  on({ 'InsertLeave', 'BufLeave', 'WinLeave', 'RecordingEnter' }, function()
    listener.on_leave()
  end)
  on({ 'OptionSet' }, later, 'modifiable')
  on({ 'LspDetach' }, function(event)
    if event.buf == vim.api.nvim_get_current_buf() then
      later()
    end
  end)
  on({ 'ColorScheme' }, display.set_highlights)
end

--- Listens no more.
function M.stop()
  if augroup then
    vim.api.nvim_del_augroup_by_id(augroup)
  end
  augroup = nil
  occasion.on_insert('n')
end

return M

--- Ghost text of Neovim 0.12's own, with words, lines and steps of undo. When it asks and what it draws is Neovim's:
--- 200 ms after a key, one suggestion unless several servers answer.
local clients = require('glm.client')
local insertion = require('glm.ghost_text.insertion')
local suggestion = require('glm.ghost_text.suggestion')

local M = {}

local NAMESPACE = 'nvim.lsp.inline_completion'
local is_missing_logged = false

---@return boolean
function M.is_visible()
  local namespace = vim.api.nvim_get_namespaces()[NAMESPACE]
  return namespace ~= nil and #vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { limit = 1 }) > 0
end

--- What Neovim knows, as a suggestion for the cursor's line.
---@param item vim.lsp.inline_completion.Item
---@return glm.Suggestion?
local function suggestion_of(item)
  if type(item.insert_text) ~= 'string' then
    return nil
  end
  local line, cursor = vim.api.nvim_get_current_line(), vim.api.nvim_win_get_cursor(0)
  local row, first, last_row, last = cursor[1] - 1, cursor[2], cursor[1] - 1, cursor[2]
  if item.range then
    row, first, last_row, last = item.range:to_extmark()
  end
  if row ~= cursor[1] - 1 or last_row ~= row then
    return nil
  end
  last = math.max(last, cursor[2])
  return {
    head = line:sub(1, first),
    text = item.insert_text,
    replaced = line:sub(cursor[2] + 1, last),
    after = line:sub(last + 1),
    command = item.command,
  }
end

---@param part fun(text: string): string
---@return boolean
local function take(part)
  if not M.is_visible() then
    return false
  end
  return vim.lsp.inline_completion.get({
    on_accept = function(item)
      local current = suggestion_of(item)
      local column = vim.api.nvim_win_get_cursor(0)[2]
      local rest = current and suggestion.rest(current, vim.api.nvim_get_current_line(), column)
      if not current or not rest then
        return -- Neovim shows what does not fit any more, but it is not put in
      end
      local text = part(rest.text)
      local is_whole = text == rest.text
      insertion.insert(text, is_whole and rest.replaced or '')
      local client = vim.lsp.get_client_by_id(item.client_id)
      if is_whole and client and current.command then
        client:exec_cmd(current.command, { bufnr = vim.api.nvim_get_current_buf() })
      end
    end,
  })
end

---@return boolean
function M.accept()
  return take(function(text)
    return text
  end)
end

---@return boolean
function M.accept_word()
  return take(suggestion.word)
end

---@return boolean
function M.accept_line()
  return take(suggestion.line)
end

---@param count integer
---@return boolean
local function cycle(count)
  if not M.is_visible() then
    return false
  end
  vim.lsp.inline_completion.select({ count = count })
  return true
end

---@return boolean
function M.next()
  return cycle(1)
end

---@return boolean
function M.previous()
  return cycle(-1)
end

--- There is no call for it; Neovim asks whenever the cursor may have moved.
function M.suggest()
  if vim.startswith(vim.api.nvim_get_mode().mode, 'i') then
    vim.api.nvim_exec_autocmds('CursorMovedI', { buffer = vim.api.nvim_get_current_buf(), modeline = false })
  end
end

--- Has Neovim forget what it shows and what it has asked, as it does at the end of insert mode.
---@return boolean
function M.dismiss()
  local was_visible = M.is_visible()
  M.hide()
  return was_visible
end

function M.hide()
  local buffer = vim.api.nvim_get_current_buf()
  local group = ('%s:%d'):format(NAMESPACE, buffer)
  -- There is no call for it. The group is there as long as Neovim watches the buffer, and may have another name one day.
  local is_done = pcall(vim.api.nvim_exec_autocmds, 'InsertLeave', { group = group, buffer = buffer, modeline = false })
  local is_watched = vim.lsp.inline_completion.is_enabled({ bufnr = buffer }) and clients.suggesting(buffer)
  if not is_done and is_watched and not is_missing_logged then
    is_missing_logged = true
    vim.lsp.log.warn('glm ghost text', ('no autocommands %q: what Neovim shows cannot be hidden'):format(group))
  end
end

--- Asks once more if nothing is shown: the engine has come.
function M.retry()
  local buffer = vim.api.nvim_get_current_buf()
  if vim.lsp.inline_completion.is_enabled({ bufnr = buffer }) and clients.suggesting(buffer) and not M.is_visible() then
    M.suggest()
  end
end

function M.start()
  vim.lsp.inline_completion.enable(true)
end

--- Takes `start` back.
function M.stop()
  M.hide()
  vim.lsp.inline_completion.enable(false)
end

return M

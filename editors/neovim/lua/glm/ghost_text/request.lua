--- Asks the server for suggestions: one question at a time, and the answer to an older one is nobody's any more.
local clients = require('glm.client')

local M = {}

local METHOD = 'textDocument/inlineCompletion'

---@class glm.Question
---@field client vim.lsp.Client
---@field id? integer
---@field buffer integer
---@field row integer from 0
---@field column integer bytes before the cursor
---@field line string the cursor's line when it was asked
---@field num_lines integer

---@type glm.Question?
local running

-- A server that hangs answers nothing, not even what was withdrawn: it is not asked once per key meanwhile.
local MAX_UNANSWERED = 2

---@class glm.WaitingQuestion
---@field client vim.lsp.Client
---@field is_by_hand boolean
---@field on_answer fun(suggestions: glm.Suggestion[])

---@type glm.WaitingQuestion? what is asked, about wherever the cursor is then, when the server has answered another
local waiting

---@param client vim.lsp.Client
---@return integer
local function num_unanswered(client)
  local num = 0
  for _, sent in pairs(client.requests) do
    num = num + (sent.method == METHOD and 1 or 0)
  end
  return num
end

--- Whether nothing but typing at the cursor has happened since a question.
---@param question glm.Question
---@param line string the cursor's line now
---@return boolean
local function is_about(question, line)
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  return vim.api.nvim_get_current_buf() == question.buffer
    and vim.lsp.buf_is_attached(question.buffer, question.client.id)
    and row - 1 == question.row
    and column >= question.column
    and vim.api.nvim_buf_line_count(question.buffer) == question.num_lines
    and line:sub(1, question.column) == question.line:sub(1, question.column)
    and vim.endswith(line, question.line:sub(question.column + 1))
end

--- A suggestion out of an item; nil for one that is about another place.
---@param item lsp.InlineCompletionItem
---@param question glm.Question
---@param line string the cursor's line now
---@return glm.Suggestion?
local function suggestion_of(item, question, line)
  local text, range = item.insertText, item.range
  if type(text) ~= 'string' or text == '' then
    return nil
  end
  text = text:gsub('\r\n?', '\n')
  local encoding, right = question.client.offset_encoding, #question.line - question.column
  if not range then
    return {
      head = line:sub(1, question.column),
      text = text,
      replaced = '',
      after = question.line:sub(question.column + 1),
      command = item.command,
    }
  end
  if range.start.line ~= question.row or range['end'].line ~= question.row then
    return nil
  end
  -- The server has moved its answer when it knew of keys typed meanwhile; then its columns are those of the present.
  local first = vim.str_byteindex(line, encoding, range.start.character, false)
  local its_line = first > question.column and line or question.line
  local cursor = #its_line - right
  local last = math.max(vim.str_byteindex(its_line, encoding, range['end'].character, false), cursor)
  return {
    head = its_line:sub(1, first),
    text = text,
    replaced = its_line:sub(cursor + 1, last),
    after = its_line:sub(last + 1),
    command = item.command,
  }
end

---@param question glm.Question
---@param result? lsp.InlineCompletionList|lsp.InlineCompletionItem[]
---@return glm.Suggestion[]
local function suggestions_of(question, result)
  local line = vim.api.nvim_get_current_line()
  if type(result) ~= 'table' or not is_about(question, line) then
    return {}
  end
  local found = {}
  for _, item in ipairs(result.items or result) do
    table.insert(found, suggestion_of(item, question, line))
  end
  return found
end

--- Withdraws the question that is open.
function M.cancel()
  local question = running
  running, waiting = nil, nil
  if question and question.id and not question.client:is_stopped() then
    question.client:cancel_request(question.id)
  end
end

--- Whether an answer is still to come.
---@return boolean
function M.is_running()
  return running ~= nil or waiting ~= nil
end

--- Asks about the cursor's place in the current buffer, in place of an older question.
---@param is_by_hand boolean several suggestions are wanted
---@param on_answer fun(suggestions: glm.Suggestion[]) not called when asking failed or was overtaken
---@return boolean whether there is somebody to ask
function M.ask(is_by_hand, on_answer)
  M.cancel()
  local buffer = vim.api.nvim_get_current_buf()
  local client = clients.suggesting(buffer)
  if not client then
    return false
  end
  if num_unanswered(client) >= MAX_UNANSWERED then
    waiting = { client = client, is_by_hand = is_by_hand, on_answer = on_answer }
    return true
  end
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local question = {
    client = client,
    buffer = buffer,
    row = row - 1,
    column = column,
    line = vim.api.nvim_get_current_line(),
    num_lines = vim.api.nvim_buf_line_count(buffer),
  }
  running = question
  local kinds = vim.lsp.protocol.InlineCompletionTriggerKind or { Invoked = 1, Automatic = 2 }
  local params = vim.tbl_extend('error', vim.lsp.util.make_position_params(0, client.offset_encoding), {
    context = { triggerKind = is_by_hand and kinds.Invoked or kinds.Automatic },
  })
  local sent, id = client:request(METHOD, params, function(err, result)
    if running ~= question then
      return
    end
    running = nil
    if err then
      vim.lsp.log.error('glm ghost text', err)
    else
      on_answer(suggestions_of(question, result))
    end
  end, buffer)
  if not sent then
    running = nil
  elseif running == question then
    question.id = id
  end
  return sent
end

--- Asks what has waited, when the server has answered something; for the event `LspRequest`.
---@param event vim.api.keyset.create_autocmd.callback_args
function M.on_request(event)
  local question = waiting
  if question and event.data.client_id == question.client.id and event.data.request.type == 'complete' then
    vim.schedule(function()
      if waiting == question then
        M.ask(question.is_by_hand, question.on_answer)
      end
    end)
  end
end

return M

--- Documentation on demand: asks the server's command `glm.generateDocstring`, which sends the edit by itself.
local clients = require('glm.client')
local tell = require('glm.message')

local M = {}

local COMMAND = 'glm.generateDocstring'

---@type table<integer, { client: vim.lsp.Client, id: integer }> what runs, by buffer
local running = {}

---@param buffer integer
---@return vim.lsp.Client?
local function client_of(buffer)
  for _, client in ipairs(clients.all({ bufnr = buffer })) do
    local provider = client.server_capabilities.executeCommandProvider
    if provider and vim.list_contains(provider.commands, COMMAND) then
      return client
    end
  end
end

--- Whole lines, as the protocol counts: from 0, the end excluded.
---@param buffer integer
---@param first integer
---@param last integer
---@param encoding string
---@return lsp.Range
local function range_of(buffer, first, last, encoding)
  local text = vim.api.nvim_buf_get_lines(buffer, last - 1, last, true)[1]
  return {
    start = { line = first - 1, character = 0 },
    ['end'] = { line = last - 1, character = vim.str_utfindex(text, encoding) },
  }
end

--- What is being written in a buffer. A server that has ended keeps its replies to itself.
---@param buffer integer
---@return { client: vim.lsp.Client, id: integer }?
local function running_in(buffer)
  local request = running[buffer]
  if request and not clients.is_alive(request.client) then
    running[buffer] = nil
  end
  return running[buffer]
end

--- Documents a place in the current buffer.
---@param wish { scope: 'definition'|'file'|'block', first?: integer, last?: integer, style?: string } lines from 1
function M.generate(wish)
  local buffer = vim.api.nvim_get_current_buf()
  local client = client_of(buffer)
  if not client then
    return tell('no server for this buffer can write documentation; is glm-lsp enabled?')
  end
  if running_in(buffer) then
    return tell('this buffer is being documented already; `:Glm cancel` stops that')
  end
  local encoding = client.offset_encoding
  local argument = { uri = vim.uri_from_bufnr(buffer), scope = wish.scope, style = wish.style }
  if wish.scope == 'block' then
    argument.range = range_of(buffer, wish.first, wish.last, encoding)
  else
    argument.position = vim.lsp.util.make_position_params(0, encoding).position
  end
  local is_over = false
  local sent, id = client:request(
    'workspace/executeCommand',
    { command = COMMAND, arguments = { argument } },
    function(err)
      is_over = true
      running[buffer] = nil
      if err then
        tell(err.message, vim.log.levels.ERROR)
      end
    end,
    buffer
  )
  if sent and id and not is_over then
    running[buffer] = { client = client, id = id }
  end
end

--- Stops what `generate` began in a buffer.
---@param buffer? integer the current one when left out
function M.cancel(buffer)
  buffer = buffer or vim.api.nvim_get_current_buf()
  local request = running_in(buffer)
  if not request then
    return tell('nothing is being documented in this buffer', vim.log.levels.INFO)
  end
  running[buffer] = nil -- Neovim keeps the reply to a cancelled request to itself
  request.client:cancel_request(request.id)
end

return M

--- The clients through which Neovim speaks with the server.
local M = {}

M.NAME = 'glm'

--- All that run, or those that match.
---@param filter? vim.lsp.get_clients.Filter
---@return vim.lsp.Client[]
function M.all(filter)
  return vim.lsp.get_clients(vim.tbl_extend('force', { name = M.NAME }, filter or {}))
end

--- The one of a buffer; nil where none is attached.
---@param buffer integer 0 is the current one
---@return vim.lsp.Client?
function M.of(buffer)
  return M.all({ bufnr = buffer })[1]
end

--- The one whose suggestions are shown in a buffer.
---@param buffer integer
---@return vim.lsp.Client?
function M.suggesting(buffer)
  for _, client in ipairs(M.all({ bufnr = buffer })) do
    if client.server_capabilities.inlineCompletionProvider and not client:is_stopped() then
      return client
    end
  end
end

--- Whether a client still runs the server that it was made for.
---@param client vim.lsp.Client
---@return boolean
function M.is_alive(client)
  return vim.lsp.get_client_by_id(client.id) == client and not client:is_stopped()
end

--- Ends the server's process at once, also one that is suspended or hangs, which no other signal ends.
---@param client vim.lsp.Client
function M.kill(client)
  -- Neovim itself sends no more than SIGTERM, and keeps the process in what surrounds that function.
  local _, private = debug.getupvalue(client.rpc.terminate, 1)
  local process = type(private) == 'table' and vim.tbl_get(private, 'transport', 'sysobj')
  if type(process) == 'table' and process.kill then
    process:kill(9)
  else
    client.rpc.terminate() -- another Neovim, or a server that is spoken with over a socket
  end
end

return M

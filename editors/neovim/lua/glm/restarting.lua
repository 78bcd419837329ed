--- Brings back a server that ended by itself, and restarts one that is asked to.
local clients = require('glm.client')
local program = require('glm.program')
local tell = require('glm.message')

local M = {}

local MOST = 4
local WITHIN_MS = 3 * 60 * 1000
local DELAYS_MS = { 100, 500, 1000, 2000 } -- what cannot live is not started over and over at full speed
local POLITE_MS = 3000 -- a server that was asked for something has so long for it
local SLOW_MS = 30 * 1000 -- one that starts has so long before a word is said

---@class glm.Ended
---@field client? vim.lsp.Client
---@field buffers integer[] it had open
---@field code integer
---@field signal integer

---@type integer[] when servers were brought back, in milliseconds
local times = {}
---@type table<integer, true> clients that were stopped to be started again
local wanted = {}
---@type glm.Ended[] what was left alone
local given_up = {}

---@param client vim.lsp.Client
---@return boolean
local function was_stopped(client)
  -- There is no public way to tell a server that was stopped from one that ended.
  return client._is_stopping == true or vim.v.exiting ~= vim.NIL ---@diagnostic disable-line: invisible
end

local function answered()
  tell('the server is there again', vim.log.levels.INFO)
end

---@param id integer
local function wait_for(id)
  vim.defer_fn(function()
    local client = vim.lsp.get_client_by_id(id)
    if client and not client.initialized then
      tell(('the server has not answered for %d seconds. `:Glm log editor` shows what it said'):format(SLOW_MS / 1000))
    end
  end, SLOW_MS)
end

---@param ended glm.Ended
---@param is_told? boolean whether somebody waits for it
local function start(ended, is_told)
  local buffers = vim.tbl_filter(vim.api.nvim_buf_is_loaded, ended.buffers)
  if #buffers == 0 or not program.is_enabled() then
    return
  end
  local trouble = program.trouble()
  if trouble and is_told then
    return tell(trouble, vim.log.levels.ERROR)
  elseif trouble then
    return program.check()
  end
  local config = vim.deepcopy(vim.lsp.config.glm)
  config.root_dir = ended.client.config.root_dir
  if is_told then
    local configured = type(config.on_init) == 'table' and config.on_init or { config.on_init }
    config.on_init = vim.list_extend({ answered }, configured)
  end
  local id = vim.lsp.start(config, { attach = false })
  for _, buffer in ipairs(id and buffers or {}) do
    vim.lsp.buf_attach_client(buffer, id)
  end
  if id and is_told then
    wait_for(id)
  end
end

---@param ended glm.Ended
---@return string
local function cause(ended)
  local way = ended.signal ~= 0 and 'signal ' .. ended.signal or 'exit code ' .. ended.code
  local words = require('glm.last_words').of(ended.client.config)
  return words and ('%s: %s'):format(way, words) or way
end

--- Takes the end of a server.
---@param ended glm.Ended
function M.on_exit(ended)
  local client = ended.client
  if not client then
    return
  end
  require('glm.status').forget(client.id)
  if wanted[client.id] then
    wanted[client.id] = nil
    return start(ended, true)
  end
  if was_stopped(client) then
    return
  end
  if not client.initialized then
    table.insert(given_up, ended)
    return tell(
      ('the server ended before it was ready (%s). `:Glm log editor` shows what it said, `:Glm doctor` looks for '):format(
        cause(ended)
      ) .. 'causes, `:Glm restart` tries again.',
      vim.log.levels.ERROR
    )
  end
  local now = vim.uv.now()
  times = vim.tbl_filter(function(time)
    return now - time < WITHIN_MS
  end, times)
  if #times >= MOST then
    table.insert(given_up, ended)
    return tell(
      ('the server ended %d times within %d minutes (%s) and is left alone now. `:Glm doctor` looks for causes, '):format(
        MOST + 1,
        WITHIN_MS / 60000,
        cause(ended)
      ) .. '`:Glm log editor` shows what it said, `:Glm restart` starts it again.',
      vim.log.levels.ERROR
    )
  end
  table.insert(times, now)
  vim.defer_fn(function()
    start(ended)
  end, DELAYS_MS[#times])
end

---@param client vim.lsp.Client
local function stop(client)
  wanted[client.id] = true
  client:stop()
  vim.defer_fn(function()
    if wanted[client.id] then
      tell('the server does not answer; it is ended', vim.log.levels.INFO)
      clients.kill(client)
    end
  end, POLITE_MS)
end

--- Has engine and server started anew, here and wherever the server is in use.
function M.restart()
  times = {}
  local ended, clients = given_up, clients.all({ _uninitialized = true })
  given_up = {}
  require('glm.configuration').renew() -- a program may have been installed since
  if #ended == 0 and #clients == 0 then
    vim.lsp.enable('glm')
    return program.check()
  end
  tell('restarting', vim.log.levels.INFO)
  for _, one in ipairs(ended) do
    start(one, true)
  end
  for _, client in ipairs(clients) do
    local is_stopped = false
    local function once()
      if not is_stopped then
        is_stopped = true
        stop(client)
      end
    end
    if client.initialized then
      client:request('workspace/executeCommand', { command = 'glm.restartEngine' }, once)
    end
    vim.defer_fn(once, client.initialized and POLITE_MS or 0)
  end
end

return M

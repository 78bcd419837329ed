--- What a server wrote last to its standard error, which Neovim keeps in its log for all servers.
local M = {}

local MOST_BYTES = 64 * 1024

---@type table<vim.lsp.ClientConfig, integer> where the log ended when a server was started
local beginnings = setmetatable({}, { __mode = 'k' })

---@return string
local function path()
  return vim.lsp.log.get_filename()
end

--- Notes that a server has been started.
---@param config vim.lsp.ClientConfig
function M.begin(config)
  local stat = vim.uv.fs_stat(path())
  beginnings[config] = stat and stat.size or 0
end

--- The text of a Lua string as the log has it.
---@param quoted string
---@return string
local function unquoted(quoted)
  local escapes = { n = '\n', t = '\t', r = '\r' }
  return (quoted:sub(2, -2):gsub('\\(.)', function(letter)
    return escapes[letter] or letter
  end))
end

--- The last line of a server; nil when it wrote none, or the log keeps none.
---@param config vim.lsp.ClientConfig
---@return string?
function M.of(config)
  if type(config.cmd) ~= 'table' then
    return nil -- a function of somebody's own: nobody knows its name in the log
  end
  local beginning, log = beginnings[config], io.open(path(), 'rb')
  if not beginning or not log then
    return log and log:close() and nil
  end
  local size = log:seek('end')
  log:seek('set', math.max(beginning, size - MOST_BYTES))
  local text = log:read('*a')
  log:close()
  local name, last = vim.inspect(config.cmd[1]), nil
  for entry in vim.gsplit(text, '\n', { plain = true, trimempty = true }) do
    local _, from = entry:find('"rpc"\t' .. name .. '\t"stderr"\t', 1, true)
    if from then
      for line in vim.gsplit(unquoted(entry:sub(from + 1)), '\n', { plain = true }) do
        last = vim.trim(line) ~= '' and vim.trim(line) or last
      end
    end
  end
  return last
end

return M

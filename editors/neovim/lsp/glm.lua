-- What `vim.lsp.enable('glm')` starts. Change any of it with `vim.lsp.config('glm', { ... })`.
-- Neovim reads it again after each such call, and so after each `setup` of this plugin.

local configuration = package.loaded['glm.configuration'] -- as long as `setup` was not called nothing is loaded
local given = configuration and configuration.given() or { settings = {} }

---@return string[]
local function cmd()
  -- Where `make install`, pipx and uv put programs; an editor started from a desktop may not have it on its PATH.
  local own = vim.fs.joinpath(vim.uv.os_homedir() or '', '.local', 'bin', 'glm-lsp')
  local is_elsewhere = vim.fn.executable('glm-lsp') == 0 and vim.fn.executable(own) == 1
  return { is_elsewhere and own or 'glm-lsp', 'serve' }
end

---@type vim.lsp.Config
return {
  cmd = given.cmd or cmd(),
  init_options = given.settings,
  root_markers = { '.git' },
  handlers = {
    ['glm/status'] = function(_, status, context)
      require('glm.status').on_status(status, context)
    end,
  },
  before_init = function(_, config)
    require('glm.last_words').begin(config)
  end,
  on_exit = function(code, signal, client_id)
    -- What it had open is forgotten at once, so it is noted here, where little is allowed.
    local client = vim.lsp.get_client_by_id(client_id)
    local buffers = client and vim.tbl_keys(client.attached_buffers) or {}
    vim.schedule(function()
      require('glm.restarting').on_exit({ client = client, buffers = buffers, code = code, signal = signal })
    end)
  end,
}

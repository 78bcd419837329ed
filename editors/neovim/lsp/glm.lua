-- What `vim.lsp.enable('glm')` starts. Change any of it with `vim.lsp.config('glm', { ... })`.
---@type vim.lsp.Config
return {
  cmd = { 'glm-lsp', 'serve' },
  root_markers = { '.git' },
  handlers = {
    ['glm/status'] = function(_, status, context)
      require('glm.retrying').on_status(status, context)
    end,
  },
}

-- One command, and one look at whether the server can be started. No module is loaded before it is needed.
if vim.g.loaded_glm then
  return
end
vim.g.loaded_glm = true

vim.api.nvim_create_user_command('Glm', function(given)
  require('glm.commands').run(given)
end, {
  bang = true,
  complete = function(...)
    return require('glm.commands').complete(...)
  end,
  desc = 'GLM: documentation, pause, why, model, restart, log, doctor ...',
  nargs = '*',
  range = true,
})

-- Neovim itself is silent about a configuration that names a program which is not there.
vim.api.nvim_create_autocmd('FileType', {
  group = vim.api.nvim_create_augroup('glm.program', {}),
  callback = function(event)
    if vim.bo[event.buf].buftype == '' and vim.lsp.is_enabled and vim.lsp.is_enabled('glm') then
      vim.schedule(function()
        require('glm.program').check()
      end)
      return true -- one look is enough
    end
  end,
})

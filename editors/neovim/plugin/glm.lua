if vim.g.loaded_glm then
  return
end
vim.g.loaded_glm = true

vim.api.nvim_create_user_command('GlmDocstring', function(given)
  require('glm.docstring').generate({
    scope = given.bang and 'file' or given.range > 0 and 'block' or 'definition',
    first = given.line1,
    last = given.line2,
    style = given.args ~= '' and given.args or nil,
  })
end, { range = true, bang = true, nargs = '?', desc = 'Document the definition at the cursor, the lines, or (!) the file' })

vim.api.nvim_create_user_command('GlmDocstringCancel', function()
  require('glm.docstring').cancel()
end, { desc = 'Stop the documentation of this buffer; nothing is changed then' })

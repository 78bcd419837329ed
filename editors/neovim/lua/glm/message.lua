--- What is told to the person, so that it is known whose word it is.

---@param text string
---@param level? integer of `vim.log.levels`; a warning when left out
return function(text, level)
  vim.notify('GLM: ' .. text, level or vim.log.levels.WARN)
end

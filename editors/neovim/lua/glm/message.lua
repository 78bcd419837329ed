--- What is told to the person, so that it is known whose word it is.

---@param text string
---@param level? integer of `vim.log.levels`; a warning when left out
return function(text, level)
  local function tell()
    vim.notify('GLM: ' .. text, level or vim.log.levels.WARN)
  end
  if level == vim.log.levels.ERROR then
    vim.schedule(tell) -- told at once, an error would end the mapping or script that has called
  else
    tell()
  end
end

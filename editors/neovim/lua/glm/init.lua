--- The plugin as configurations and mappings see it.
local M = {}

---@type string? the kind that runs
local ghost_text_kind

---@param kind 'glm'|'builtin'|false
local function show_ghost_text(kind)
  local group = vim.api.nvim_create_augroup('glm.ghost_text.start', {})
  if ghost_text_kind and ghost_text_kind ~= kind then
    require('glm.ghost_text').stop()
    ghost_text_kind = nil
  end
  if not kind or ghost_text_kind == kind then
    return
  end
  local function start()
    ghost_text_kind = kind
    require('glm.ghost_text').start(kind)
  end
  if #require('glm.client').all() > 0 then
    return start()
  end
  vim.api.nvim_create_autocmd('LspAttach', {
    group = group,
    callback = function(event)
      local client = vim.lsp.get_client_by_id(event.data.client_id)
      if client and client.name == 'glm' then
        start()
        return true
      end
    end,
  })
end

--- Starts the server for the buffers there are and will be, shows ghost text and takes the keys for it. May be called
--- again, with other options too.
---@param opts? table see |glm-options|
function M.setup(opts)
  local options, complaints = require('glm.options').read(opts)
  for _, complaint in ipairs(complaints) do
    require('glm.message')('setup: ' .. complaint)
  end
  if options.ghost_text == 'builtin' and not vim.lsp.inline_completion then
    require('glm.message')("setup: ghost_text 'builtin' is Neovim 0.12's own; this one gets 'glm'")
    options.ghost_text = 'glm'
  end
  require('glm.configuration').give(options.cmd, options.settings)
  show_ghost_text(options.ghost_text)
  require('glm.keys').set(options.ghost_text and options.keys or {})
  vim.lsp.enable('glm')
end

--- Takes all of the ghost text. This and the next six: whether there was something to do.
---@return boolean
function M.accept()
  return require('glm.ghost_text').accept()
end

--- Takes its next word.
---@return boolean
function M.accept_word()
  return require('glm.ghost_text').accept_word()
end

--- Takes its next line.
---@return boolean
function M.accept_line()
  return require('glm.ghost_text').accept_line()
end

--- Shows the next suggestion for this place; asks for others when only one is known.
---@return boolean
function M.next()
  return require('glm.ghost_text').next()
end

--- Shows the one before.
---@return boolean
function M.previous()
  return require('glm.ghost_text').previous()
end

--- Asks for suggestions here, whatever was asked before.
function M.suggest()
  require('glm.ghost_text').suggest()
end

--- Takes the ghost text away until the text changes.
---@return boolean
function M.dismiss()
  return require('glm.ghost_text').dismiss()
end

--- Who shows ghost text: this plugin, Neovim itself, or nobody as far as `setup` was told.
---@return 'glm'|'builtin'|nil
function M.ghost_text()
  return ghost_text_kind
end

--- One word or two about the server of the current buffer, for a status line; empty where there is none.
---@return string
function M.statusline()
  return require('glm.status').line()
end

return M

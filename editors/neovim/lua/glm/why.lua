--- Why there was a suggestion in this buffer the last time it was asked for, or none.
local clients = require('glm.client')
local tell = require('glm.message')

local M = {}

local NAME = 'why'
local told ---@type integer? the buffer whose story is shown

--- Shows the server's story of the last answer in the current buffer; in the window of a story, that story anew.
function M.show()
  local buffer = vim.api.nvim_get_current_buf()
  local is_story = vim.api.nvim_buf_get_name(buffer) == 'glm://' .. NAME
  if is_story and told and vim.api.nvim_buf_is_valid(told) then
    buffer = told
  end
  local client = clients.of(buffer)
  if not client then
    return tell('no server for this buffer; `:checkhealth glm` says why')
  end
  local wish = { textDocument = { uri = vim.uri_from_bufnr(buffer) }, withText = true }
  client:request('glm/why', wish, function(err, story)
    if err then
      return tell(err.message, vim.log.levels.ERROR)
    end
    if not story or story == vim.NIL then
      return tell('nothing has been asked in this buffer yet; type something first', vim.log.levels.INFO)
    end
    local text = story.text ---@type string?
    if not text then
      return tell('this glm-lsp is older than the plugin and tells its story on the command line only: `glm-lsp why`')
    end
    told = buffer
    require('glm.window').text(NAME, vim.split(vim.trim(text), '\n', { plain = true }))
  end, buffer)
end

return M

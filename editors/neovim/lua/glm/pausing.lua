--- Pauses suggestions: all of them, or those in one language.
local choices = require('glm.choices')
local program = require('glm.program')
local tell = require('glm.message')

local M = {}

---@param text string
local function note(text)
  tell(text, vim.log.levels.INFO)
end

local function hide()
  local ghost_text = package.loaded['glm.ghost_text']
  if ghost_text then
    ghost_text.dismiss()
  end
end

--- Where nothing is suggested as things stand. A list that is sent takes the place of the one in the server's own file.
---@param on_list fun(languages: string[])
local function with_list(on_list)
  local known = choices.value('disabledIn')
  if known then
    return on_list(known)
  end
  program.json({ 'config', 'show', '--json' }, function(answer, complaint)
    if not answer then
      return tell(complaint, vim.log.levels.ERROR)
    end
    for _, setting in ipairs(answer.settings) do
      if setting.name == 'disabledIn' then
        return on_list(setting.value)
      end
    end
  end)
end

--- Suggests nothing any more.
---@param filetype? string only there
function M.pause(filetype)
  hide()
  if not filetype then
    choices.choose({ enable = false })
    return note('paused; `:Glm resume` goes on')
  end
  local language = choices.language(vim.api.nvim_get_current_buf(), filetype)
  with_list(function(languages)
    local more = vim.deepcopy(languages)
    if not vim.list_contains(more, language) then
      table.insert(more, language)
    end
    choices.choose({ disabledIn = more })
    note(('paused in %s; `:Glm resume %s` goes on'):format(filetype, filetype))
  end)
end

--- Suggests again.
---@param filetype? string only there
function M.resume(filetype)
  if not filetype then
    choices.choose({ enable = true })
    return note('suggests again')
  end
  local language = choices.language(vim.api.nvim_get_current_buf(), filetype)
  with_list(function(languages)
    choices.choose({
      disabledIn = vim.tbl_filter(function(name)
        return name ~= language
      end, languages),
    })
    note(('suggests in %s again'):format(filetype))
  end)
end

return M

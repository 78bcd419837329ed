--- `:checkhealth glm`: what works here, and for all that does not what helps.
local clients = require('glm.client')
local logs = require('glm.logs')
local program = require('glm.program')

local M = {}

--- The version of this plugin; the program of the same version knows everything it asks for.
M.VERSION = '0.1.0'

local METHOD = 'textDocument/inlineCompletion'
local VERSION_MS, DOCTOR_MS = 10 * 1000, 60 * 1000

--- The buffer that the report is about: the one that was looked at before.
---@return integer
local function subject()
  local buffer = vim.fn.bufnr('#')
  return buffer > 0 and vim.api.nvim_buf_is_loaded(buffer) and buffer or vim.api.nvim_get_current_buf()
end

---@param patience_ms integer Neovim waits for it
---@param arguments string[]
---@return vim.SystemCompleted
local function run(patience_ms, arguments)
  local options = { env = program.environment(), text = true }
  local is_started, job = pcall(vim.system, program.command(unpack(arguments)), options)
  return is_started and job:wait(patience_ms) or { code = -1, stdout = '', stderr = tostring(job) }
end

local function check_neovim()
  vim.health.start('Neovim')
  local version = ('%d.%d.%d'):format(vim.version().major, vim.version().minor, vim.version().patch)
  if vim.fn.has('nvim-0.11') == 0 then
    return vim.health.error('Neovim ' .. version .. ' is too old', 'Install Neovim 0.11 or newer')
  end
  vim.health.ok('Neovim ' .. version)
  local ghost_text = package.loaded['glm'] and require('glm').ghost_text()
  local builtin = vim.lsp.inline_completion
  if ghost_text == 'glm' then
    vim.health.ok("ghost text: this plugin's own")
  elseif ghost_text == 'builtin' or builtin and builtin.is_enabled() then
    vim.health.ok("ghost text: Neovim's own")
  else
    vim.health.warn('ghost text: none is shown', {
      "require('glm').setup() shows it",
      builtin and 'or vim.lsp.inline_completion.enable()' or nil,
    })
  end
end

---@return boolean whether it can be run
local function check_program()
  vim.health.start('Program')
  local trouble = program.trouble()
  if trouble then
    vim.health.error(trouble, 'Install glm-lsp with `make install` in its checkout; see :help glm-install')
    return false
  end
  local command = program.command()[1] or 'glm-lsp'
  local done = run(VERSION_MS, { '--version' })
  local version = (done.stdout or ''):match('(%d+%.%d+%S*)')
  if done.code ~= 0 or not version then
    vim.health.error(('`%s --version` failed: %s'):format(command, vim.trim(done.stderr or '')), {
      'Run it in a terminal; where it fails there too, install glm-lsp anew',
    })
    return false
  end
  local place = vim.fn.exepath(command)
  if version == M.VERSION then
    vim.health.ok(('glm-lsp %s at %s, the same version as the plugin'):format(version, place))
  else
    vim.health.warn(('glm-lsp %s at %s, but the plugin is %s'):format(version, place, M.VERSION), {
      'Take both out of the same checkout: `git pull`, then `make install`',
    })
  end
  return true
end

---@param buffer integer
local function check_clients(buffer)
  vim.health.start('Server')
  if not program.is_enabled() then
    vim.health.error('Neovim is not told to start it', "Put require('glm').setup() into init.lua")
  end
  local client = clients.of(buffer)
  local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ':~:.')
  if not client then
    return vim.health.warn(
      ('none is attached to buffer %d %s'):format(buffer, name == '' and '(without a name)' or name),
      {
        'Open a file; buffers of the types help, terminal and the like have no server',
        'If it is one, `:Glm restart` starts the server, and `:Glm log editor` shows what it said',
      }
    )
  end
  local folder = client.config.root_dir or 'a single file'
  vim.health.ok(('client %d is attached to buffer %d %s, for %s'):format(client.id, buffer, name, folder))
  local status = require('glm.status').of(buffer)
  local choices = require('glm.choices')
  if not status then
    vim.health.warn('the server has said nothing yet', 'Wait a second and run :checkhealth glm again')
  elseif status.state == 'error' then
    vim.health.error('engine: ' .. status.message, { '`:Glm doctor` looks for causes', '`:Glm restart` starts it anew' })
  elseif status.state == 'starting' then
    vim.health.warn('engine: the model is being loaded', 'Wait some seconds; `:Glm log` shows what goes on')
  elseif status.state == 'inactive' then
    vim.health.warn('engine: ' .. status.message, '`:Glm resume`, or remove the setting `enable = false`')
  else
    vim.health.ok(('engine: %s, model %s'):format(status.state, status.model))
  end
  if choices.is_paused(buffer) and not (status and status.state == 'inactive') then
    local filetype = vim.bo[buffer].filetype
    vim.health.warn('paused in ' .. filetype, ('`:Glm resume %s`, or take it out of `disabledIn`'):format(filetype))
  end
  vim.health.info('log of the engine: ' .. (logs.engine() or 'none in ' .. program.log_folder()))
  vim.health.info('log of the server: ' .. logs.editor())
end

---@param buffer integer
local function check_keys(buffer)
  vim.health.start('Keys')
  local keys = require('glm.keys')
  if vim.tbl_isempty(keys.all()) then
    return vim.health.info("none are taken; :help glm-keys tells what to map, or how setup() does")
  end
  local taken = {}
  for _, key in ipairs(keys.taken(buffer)) do
    taken[key.action] = key.owner
  end
  for action, lhs in vim.spairs(keys.all()) do
    if taken[action] then
      vim.health.warn(('%s (%s) belongs to: %s'):format(lhs, action, taken[action]), {
        'Fine if that mapping goes on to what was mapped before, as those of blink.cmp and nvim-cmp do',
        ("If not, choose another key: require('glm').setup({ keys = { %s = '<C-l>' } })"):format(action),
      })
    else
      vim.health.ok(('%s: %s'):format(lhs, action))
    end
  end
end

---@type table<string, { module: string, shows: (fun(): boolean), remedy: string }>
local OTHERS = {
  ['blink.cmp'] = {
    module = 'blink.cmp.config',
    shows = function()
      local config = require('blink.cmp.config')
      return config.completion.ghost_text.enabled == true
    end,
    remedy = 'Set completion = { ghost_text = { enabled = false } } in the options of blink.cmp',
  },
  ['nvim-cmp'] = {
    module = 'cmp.config',
    shows = function()
      local experimental = require('cmp.config').get().experimental
      return experimental ~= nil and experimental.ghost_text ~= nil and experimental.ghost_text ~= false
    end,
    remedy = 'Set experimental = { ghost_text = false } in the options of nvim-cmp',
  },
  ['copilot.lua'] = {
    module = 'copilot',
    shows = function()
      local is_there, suggestion = pcall(require, 'copilot.suggestion')
      return is_there and suggestion ~= nil
    end,
    remedy = 'Use one of the two: set suggestion = { enabled = false } in the options of copilot.lua',
  },
}

---@param buffer integer
local function check_others(buffer)
  vim.health.start('Other ghost text')
  local is_alone = true
  for _, client in ipairs(vim.lsp.get_clients({ bufnr = buffer })) do
    if client.name ~= 'glm' and client.server_capabilities.inlineCompletionProvider then
      is_alone = false
      vim.health.warn(('the server %s completes inline in this buffer, too'):format(client.name), {
        "ghost_text = 'glm' shows only this plugin's; 'builtin' would show both",
        ("vim.lsp.enable('%s', false) stops the other one"):format(client.name),
      })
    end
  end
  for name, other in vim.spairs(OTHERS) do
    if package.loaded[other.module] then
      local is_known, shows = pcall(other.shows)
      if is_known and shows then
        is_alone = false
        vim.health.warn(name .. ' shows ghost text of its own', other.remedy)
      end
    end
  end
  if vim.g.loaded_copilot == 1 then
    is_alone = false
    vim.health.warn('copilot.vim is loaded', 'Use one of the two: `:Copilot disable`')
  end
  if is_alone then
    vim.health.ok('nobody else shows any in this buffer')
  end
end

-- This is Neovim, and what it starts was looked at above.
local TOLD_ABOVE = { 'neovim', 'vs code', 'program on the path' }

local function check_doctor()
  vim.health.start('glm-lsp doctor')
  local done = run(DOCTOR_MS, { 'doctor', '--json' })
  local is_read, report = pcall(vim.json.decode, done.stdout or '', { luanil = { object = true, array = true } })
  local findings = is_read and type(report) == 'table' and report.findings
  if type(findings) ~= 'table' then
    local said = vim.trim(done.stderr or '')
    local reason = said ~= '' and said or ('no report, exit code %d'):format(done.code)
    return vim.health.error('it failed: ' .. reason, 'Run `glm-lsp doctor` in a terminal')
  end
  for _, finding in ipairs(findings) do
    local is_known = type(finding) == 'table' and finding.check and finding.finding
    if is_known and not vim.list_contains(TOLD_ABOVE, finding.check) then
      local line = ('%s: %s'):format(finding.check, finding.finding)
      if finding.verdict == 'ok' then
        vim.health.ok(line)
      else
        local say = finding.verdict == 'warn' and vim.health.warn or vim.health.error
        say(line, { (finding.fix or '') ~= '' and finding.fix or '`glm-lsp doctor` in a terminal tells more' })
      end
    end
  end
end

--- Writes the report.
function M.check()
  local buffer = subject()
  check_neovim()
  local is_there = check_program()
  check_clients(buffer)
  check_keys(buffer)
  check_others(buffer)
  if is_there then
    check_doctor()
  end
end

return M

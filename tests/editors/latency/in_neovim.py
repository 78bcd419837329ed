"""Typing in Neovim, in a terminal; Neovim itself notes when it takes a key and when it has drawn."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.editors.latency.bench import Bench
from tests.editors.latency.passages import Passage
from tests.editors.latency.samples import Figures, Sample, answers, samples
from tests.editors.neovim import Neovim
from tests.editors.terminal import Terminal
from tests.editors.vscode import Frame, Key, Record

_INIT = """
vim.o.autoindent, vim.o.swapfile = false, false
require('glm').setup({{ cmd = {{ '{server}', 'serve' }}, ghost_text = '{kind}' }})
"""
_RECORD = """
local function now()
  local seconds = vim.uv.clock_gettime('realtime')
  return seconds.sec * 1000000 + math.floor(seconds.nsec / 1000) -- a float loses digits on its way out
end
local record = { keys = {}, frames = {} }
_G.glm_record = record
local function ghost()
  local text = {}
  for _, name in ipairs({ 'glm.ghost_text', 'nvim.lsp.inline_completion' }) do
    local namespace = vim.api.nvim_get_namespaces()[name]
    local marks = namespace and vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true }) or {}
    for _, mark in ipairs(marks) do
      local lines = { mark[4].virt_text or {} }
      vim.list_extend(lines, mark[4].virt_lines or {})
      for _, line in ipairs(lines) do
        for _, piece in ipairs(line) do
          if piece[2] ~= 'GlmGhostTextMore' and piece[2] ~= 'ComplHintMore' then table.insert(text, piece[1]) end
        end
      end
    end
  end
  return table.concat(text)
end
local namespace = vim.api.nvim_create_namespace('latency')
vim.on_key(function(key, typed)
  local pressed = typed or key
  if #pressed == 1 and vim.api.nvim_get_mode().mode == 'i' then
    table.insert(record.keys, { at = now(), key = pressed })
  end
end, namespace)
vim.api.nvim_set_decoration_provider(namespace, {
  on_end = function()
    local at, shown = now(), ghost()
    local last = record.frames[#record.frames]
    if not last or last.ghost ~= shown then
      table.insert(record.frames, { at = at, ghost = shown })
    end
  end,
})
"""
_ROWS, _COLUMNS = 50, 140


def measure(bench: Bench, program: Path, kind: str) -> Figures:
    """Types the passages in a Neovim.

    Args:
        kind: whose ghost text it is, as the option says it.
    """
    init = _INIT.format(server=bench.server, kind=kind)
    neovim = Neovim(program, bench.state, init, bench.project, bench.environ)
    try:
        screen = [program, "--server", neovim.lua("return vim.v.servername"), "--remote-ui"]
        terminal = Terminal(screen, bench.project, {**os.environ, "COLORTERM": "truecolor"}, _ROWS, _COLUMNS)
        try:
            neovim.until(f"return vim.o.columns == {_COLUMNS}")
            neovim.lua(_RECORD)
            _wait_for_engine(neovim, terminal, bench)
            records = [_type(neovim, terminal, bench, passage) for passage in bench.passages]
            version = neovim.lua(
                "local v = vim.version() return ('%d.%d.%d'):format(v.major, v.minor, v.patch)"
            )
        finally:
            terminal.close()
    finally:
        neovim.close()
    answered = answers(bench.stamps)
    found: list[Sample] = [each for record in records for each in samples(record, answered)]
    name = f"Neovim {version}, " + ("its own ghost text" if kind == "builtin" else "the plugin's ghost text")
    return Figures(name, sum(len(each.keys) for each in records), tuple(found))


def _wait_for_engine(neovim: Neovim, terminal: Terminal, bench: Bench) -> None:
    deadline = time.monotonic() + 120
    while not any(frame.ghost for frame in _type(neovim, terminal, bench, bench.passages[0]).frames):
        assert time.monotonic() < deadline, f"no ghost text: {neovim.story()}"


def _type(neovim: Neovim, terminal: Terminal, bench: Bench, passage: Passage) -> Record:
    neovim.command("stopinsert")
    neovim.open(bench.project / passage.name)
    neovim.command("setlocal indentexpr= indentkeys= textwidth=0 formatoptions=")
    neovim.place_cursor(passage.line)
    terminal.keys("A")
    neovim.until("return vim.api.nvim_get_mode().mode == 'i'")
    time.sleep(1)
    neovim.lua("glm_record.keys, glm_record.frames = {}, { glm_record.frames[#glm_record.frames] }")
    for key in passage.keys:
        terminal.keys(key)
        time.sleep(bench.gap_s)
    found = neovim.lua("return glm_record")
    neovim.command("stopinsert")
    neovim.command("edit!")
    keys = [Key(each["at"] / 1000, each["key"]) for each in found["keys"]]
    return Record(keys, [Frame(each["at"] / 1000, (), each["ghost"]) for each in found["frames"]])

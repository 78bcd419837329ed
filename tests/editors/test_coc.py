"""Ghost text and docstrings in coc.nvim, in a real Neovim, set up with what its page says to paste.

`GLM_LSP_COC` names a folder with coc.nvim as its branch `release` has it: with `build/index.js`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.editors.neovim import Neovim
from tests.editors.project import SOURCE, Project, assert_documented
from tests.editors.setup.cache import SetupError
from tests.editors.setup.neovim import neovim
from tests.editors.setup.node import node
from tests.editors.snippets import snippet
from tests.fakes.fake_server import short_folder, wait_until

pytestmark = pytest.mark.editors

_PATIENCE_S = 60.0
_BEGUN = f"""{SOURCE}

def net_total(prices: list[float], shipping: float) -> float:
    amount = shipping
    for price in"""
_SERVES = """
if vim.g.coc_service_initialized ~= 1 then return false end
for _, service in ipairs(vim.fn.CocAction('services')) do
  if service.id:find('glm', 1, true) and service.state == 'running' then return true end
end
return false
"""
_IS_READY = """
return vim.fn.CocRequest('glm', 'glm/status', vim.empty_dict()).state == 'ready'
"""
_GHOST_TEXT = """
local lines = {}
for name, namespace in pairs(vim.api.nvim_get_namespaces()) do
  if name:find('inlineSuggest', 1, true) then
    for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })) do
      local shown = { mark[4].virt_text or {} }
      vim.list_extend(shown, mark[4].virt_lines or {})
      for _, line in ipairs(shown) do
        local text = {}
        for _, piece in ipairs(line) do
          if piece[2] == 'CocInlineVirtualText' then table.insert(text, piece[1]) end
        end
        table.insert(lines, table.concat(text))
      end
    end
  end
end
return table.concat(lines, '\\n')
"""


@pytest.fixture
def editor(project: Project, server_environ: Mapping[str, str]) -> Iterator[Neovim]:
    """Neovim with coc.nvim, in the project."""
    coc = os.environ.get("GLM_LSP_COC")
    if not coc:
        pytest.skip("GLM_LSP_COC names no coc.nvim")
    try:
        program, node_program = neovim(), node().program
    except SetupError as error:
        pytest.skip(str(error))
    with short_folder() as folder:
        settings = snippet("coc", "json")
        (folder / "coc-settings.json").write_text(settings, encoding="utf-8")
        variables = {
            "coc_node_path": node_program,
            "coc_config_home": folder,
            "coc_data_home": folder / "data",
        }
        init = [f"vim.g.{name} = {json.dumps(str(value))}" for name, value in variables.items()]
        init += [f"vim.opt.runtimepath:prepend({json.dumps(coc)})", "vim.g.mapleader = ' '"]
        init.append(f"vim.cmd([==[\n{snippet('coc', 'vim')}]==])")
        one = Neovim(program, folder, "\n".join(init), project.folder, server_environ)
        yield one
        one.close()


def at_the_end(editor: Neovim, source: Path) -> None:
    """Opens something begun and goes behind it."""
    source.write_text(_BEGUN, encoding="utf-8")
    editor.command(f"edit {source}")
    editor.until(_SERVES, _PATIENCE_S)
    editor.until(_IS_READY, _PATIENCE_S)
    editor.keys("GA")


def ghost_text(editor: Neovim) -> str:
    return str(editor.lua(_GHOST_TEXT))


def wait_for_ghost_text(editor: Neovim, text: str) -> None:
    wait_until(lambda: ghost_text(editor) == text, _PATIENCE_S)


def test_ghost_text_appears_while_typing_and_tab_takes_it(editor: Neovim, project: Project) -> None:
    at_the_end(editor, project.source)
    editor.keys(" ")
    wait_for_ghost_text(editor, "prices:")
    assert editor.lines[-1] == "    for price in "
    editor.keys("<Tab>")
    wait_until(lambda: editor.lines[-1] == "    for price in prices:", _PATIENCE_S)
    assert ghost_text(editor) == ""


def test_typing_on_and_a_word(editor: Neovim, project: Project) -> None:
    at_the_end(editor, project.source)
    editor.keys(" ")
    wait_for_ghost_text(editor, "prices:")
    editor.keys("p")
    wait_for_ghost_text(editor, "rices:")
    editor.keys("<M-Right>")
    wait_until(lambda: editor.lines[-1] == "    for price in prices", _PATIENCE_S)


def test_asked_for_by_hand_there_are_several(editor: Neovim, project: Project) -> None:
    at_the_end(editor, project.source)
    editor.keys(" ")
    wait_for_ghost_text(editor, "prices:")
    editor.keys(r"<M-Bslash>")
    first = "prices:"
    wait_until(lambda: ghost_text(editor) == first, _PATIENCE_S)

    def goes_on() -> bool:
        editor.keys("<M-]>")
        return ghost_text(editor) not in {"", first}

    wait_until(goes_on, _PATIENCE_S)


def test_a_docstring_by_code_action(editor: Neovim, project: Project) -> None:
    editor.command(f"edit {project.source}")
    editor.until(_SERVES, _PATIENCE_S)
    editor.place_cursor(11)
    editor.lua(
        "vim.g.offered = vim.tbl_map(function(action) return action.title end, "
        "vim.fn.CocAction('codeActions', 'cursor'))"
    )
    assert "Generate docstring for `total`" in editor.lua("return vim.g.offered")
    editor.keys(" ad")
    wait_until(lambda: "Generate docstring" in editor.lua(_SCREEN), _PATIENCE_S)
    editor.keys("<CR>")
    wait_until(lambda: _text(editor) != SOURCE, _PATIENCE_S)
    assert_documented(SOURCE, _text(editor), "total")
    editor.keys("u")
    assert _text(editor) == SOURCE


_SCREEN = """
local lines = {}
for row = 1, vim.o.lines do
  local cells = {}
  for column = 1, vim.o.columns do table.insert(cells, vim.fn.screenstring(row, column)) end
  table.insert(lines, table.concat(cells))
end
return table.concat(lines, '\\n')
"""


def _text(editor: Neovim) -> str:
    return "".join(f"{line}\n" for line in editor.lines)

"""The pictures of README.md, made of the real editors with the real server and the starter.

    GLM_LSP_EDITORS_PICTURES=docs/pictures python -m pytest -m editors tests/editors/test_vscode_pictures.py

writes them into the tree; without the variable they go where the other pictures of these tests are.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.editors.neovim import Neovim
from tests.editors.pictures import picture_folder, shrink
from tests.editors.project import SOURCE, Project
from tests.editors.terminal import Terminal
from tests.editors.vscode import VSCode

pytestmark = pytest.mark.editors

_PATIENCE_S = 60.0
_COLUMNS, _ROWS = 96, 26
_LIMIT_BYTES = 80_000
_LOOP = "\n\ndef average(prices: list[float]) -> float:\n    amount = 0.0\n    for price in prices:\n        "
_AFTER = "\n    return amount / len(prices)\n"
_LINE = (SOURCE + _LOOP).count("\n") + 1
_LOOKS = {
    "workbench.colorTheme": "Default Dark Modern",
    "editor.fontSize": 16,
    "editor.lightbulb.enabled": "off",
    "breadcrumbs.enabled": False,
    "workbench.activityBar.location": "hidden",
    "window.commandCenter": False,
}
_NEOVIM = """
vim.o.termguicolors, vim.o.number, vim.o.showmode, vim.o.laststatus = true, true, false, 2
vim.o.background = 'dark'
require('glm').setup({})
vim.o.statusline = ' %t %m %= %{%v:lua.require("glm").statusline()%} '
"""


@pytest.fixture
def folder(artefacts: Path) -> Path:
    return picture_folder(artefacts)


@pytest.fixture
def shown(vscode: VSCode, project: Project) -> VSCode:
    """VS Code as people have it, with a loop that has only begun."""
    settings = project.folder / ".vscode" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps(_LOOKS))
    project.source.write_text(SOURCE + _LOOP + _AFTER)
    vscode.open(project.folder, project.source.name)
    vscode.resize(1200, 760)
    vscode.press("Control+b")
    return vscode


def test_ghost_text_in_vscode(shown: VSCode, folder: Path) -> None:
    shown.go_to(_LINE, 9)
    assert shown.type_until_ghost_text("am").startswith("ount")
    keep(shown, folder / "vscode.png")


def test_documentation_in_vscode(shown: VSCode, folder: Path) -> None:
    shown.go_to(_LINE, 9)
    shown.type_until_ghost_text("am")
    shown.press("Tab")
    shown.go_to(4)
    shown.command("GLM: Generate Docstring")
    shown.until(lambda: any("Args:" in line for line in shown.lines), "a docstring", _PATIENCE_S)
    shown.until(lambda: shown.notifications == [], "the notification to go")
    keep(shown, folder / "vscode-docstring.png")


def test_ghost_text_in_neovim(
    start_neovim: Callable[..., Neovim],
    neovim_program: Path,
    browser: VSCode,
    project: Project,
    folder: Path,
) -> None:
    project.source.write_text(SOURCE + _LOOP + _AFTER)
    neovim = start_neovim(_NEOVIM)
    command = [neovim_program, "--server", neovim.lua("return vim.v.servername"), "--remote-ui"]
    environ = {**os.environ, "COLORTERM": "truecolor"}
    terminal = Terminal(command, project.folder, environ, _ROWS, _COLUMNS)
    try:
        neovim.until(f"return vim.o.columns == {_COLUMNS} and vim.o.lines == {_ROWS}")
        neovim.open(project.source)
        neovim.place_cursor(_LINE, 8)
        neovim.keys("Aam")
        deadline = time.monotonic() + _PATIENCE_S
        while not neovim.ghost_text().startswith("ount"):
            assert time.monotonic() < deadline, neovim.story()
            time.sleep(0.2)
        settle(terminal)
        is_current = neovim.lua("return vim.fn.has('nvim-0.12') == 1")
        path = folder / "neovim.png" if is_current else project.folder / "neovim-0.11.png"
        browser.draw_terminal(terminal.drawn, _COLUMNS, _ROWS, path)
    finally:
        terminal.close()
    small_enough(path)


def settle(terminal: Terminal) -> None:
    """Waits until nothing more is written to a terminal."""
    before = ""
    while before != (before := terminal.drawn):
        time.sleep(0.5)


def keep(vscode: VSCode, path: Path) -> None:
    time.sleep(0.5)  # the cursor's line is highlighted a frame later
    vscode.screenshot(path)
    small_enough(path)


def small_enough(path: Path) -> None:
    shrink(path)
    assert 5_000 < path.stat().st_size < _LIMIT_BYTES

"""`:checkhealth glm` in a real Neovim: what the person reads, and that each trouble has its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from glm_lsp import __version__
from tests.editors.conftest import StartNeovim
from tests.editors.neovim import Neovim
from tests.editors.project import Project

_SERVER_S = 60.0
_READY = "local status = require('glm.status').of(0) return status and status.state == 'ready'"
_QUIET = "require('glm').setup({ ghost_text = false })"
_NO_DOCTOR = "case $1 in doctor) echo '{\"findings\": []}';; --version) echo glm-lsp %s;; *) exit 3;; esac"


def report(neovim: Neovim) -> list[str]:
    """The lines of the report, without blank ones."""
    neovim.command("checkhealth glm")
    neovim.until("return vim.bo.filetype == 'checkhealth' and vim.api.nvim_buf_line_count(0) > 10", _SERVER_S)
    return [line.strip() for line in neovim.lines if line.strip()]


def found(lines: list[str], verdict: str) -> list[str]:
    """What was said with a verdict: OK, WARNING or ERROR."""
    return [line.partition(f"{verdict} ")[2] for line in lines if f"{verdict} " in line]


def assert_every_trouble_has_a_remedy(lines: list[str]) -> None:
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if "WARNING " in line or "ERROR " in line:
            assert after == "- ADVICE:", line


def pretender(folder: Path, version: str) -> Path:
    """A program that says that it is of this version, and does nothing else."""
    program = folder / "glm-lsp"
    program.write_text(f"#!/bin/sh\n{_NO_DOCTOR % version}\n")
    program.chmod(0o755)
    return program


def test_where_all_is_well_nothing_is_wrong(start_neovim: StartNeovim, project: Project) -> None:
    neovim = start_neovim(
        "package.loaded['glm.ghost_text'] = { start = function() end }\nrequire('glm').setup()"
    )
    neovim.open(project.source)
    neovim.until(_READY, _SERVER_S)
    lines = report(neovim)
    assert found(lines, "ERROR") == found(lines, "WARNING") == []
    good = found(lines, "OK")
    assert "ghost text: this plugin's own" in good
    assert any(line.startswith(f"glm-lsp {__version__} at ") and "same version" in line for line in good)
    assert any("is attached to buffer" in line and "prices.py" in line for line in good)
    assert "engine: ready, model starter" in good
    assert "<Tab>: accept" in good
    assert "nobody else shows any in this buffer" in good
    assert any(line.startswith("onnx runtime: ") for line in good)
    assert any("engine-starter" in line for line in lines)


def test_a_missing_program_is_the_first_thing_to_mend(
    start_neovim: StartNeovim, project: Project, tmp_path: Path
) -> None:
    neovim = start_neovim(_QUIET, enables=False, environ={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    neovim.command(f"edit {project.source}")
    lines = report(neovim)
    assert any(line.startswith("glm-lsp is not on the PATH") for line in found(lines, "ERROR"))
    assert any(line.startswith("none is attached to buffer 1 ") for line in found(lines, "WARNING"))
    assert "ghost text: none is shown" in found(lines, "WARNING")
    assert_every_trouble_has_a_remedy(lines)


def test_another_version_of_the_program_is_told(start_neovim: StartNeovim, tmp_path: Path) -> None:
    program = pretender(tmp_path, "9.8.7")
    neovim = start_neovim(f"vim.lsp.config('glm', {{ cmd = {{ '{program}', 'serve' }} }})")
    lines = report(neovim)
    warning = f"glm-lsp 9.8.7 at {program}, but the plugin is {__version__}"
    assert warning in found(lines, "WARNING")
    assert_every_trouble_has_a_remedy(lines)


def test_findings_of_the_doctor_are_listed_with_their_remedy(
    start_neovim: StartNeovim, tmp_path: Path
) -> None:
    program = pretender(tmp_path, __version__)
    findings = (
        '{"findings": [{"check": "memory", "verdict": "warn", "finding": "little", "fix": "Buy some."},'
        '{"check": "models", "verdict": "fail", "finding": "none", "fix": "Import one."}]}'
    )
    program.write_text(program.read_text().replace('{"findings": []}', findings))
    neovim = start_neovim(f"vim.lsp.config('glm', {{ cmd = {{ '{program}', 'serve' }} }})")
    lines = report(neovim)
    assert "memory: little" in found(lines, "WARNING")
    assert "models: none" in found(lines, "ERROR")
    assert {"- Buy some.", "- Import one."} <= set(lines)
    assert_every_trouble_has_a_remedy(lines)


def test_who_holds_a_key_is_told(start_neovim: StartNeovim, project: Project, tmp_path: Path) -> None:
    program = pretender(tmp_path, __version__)
    neovim = start_neovim(
        f"require('glm').setup({{ cmd = {{ '{program}', 'serve' }} }})\n"
        "vim.keymap.set('i', '<M-]>', 'x', { desc = 'Close the bracket' })",
        enables=False,
    )
    neovim.command(f"edit {project.source}")
    neovim.lua("vim.keymap.set('i', '<Tab>', 'x', { buffer = true, desc = 'Theirs' })")
    warnings = found(lines := report(neovim), "WARNING")
    assert "<Tab> (accept) belongs to: Theirs" in warnings
    assert "<M-]> (next) belongs to: Close the bracket" in warnings
    assert "<M-[>: previous" in found(lines, "OK")
    assert_every_trouble_has_a_remedy(lines)


def test_others_with_ghost_text_are_told(start_neovim: StartNeovim, project: Project, tmp_path: Path) -> None:
    program = pretender(tmp_path, __version__)
    neovim = start_neovim(
        f"require('glm').setup({{ ghost_text = false, cmd = {{ '{program}', 'serve' }} }})", enables=False
    )
    neovim.command(f"edit {project.source}")
    neovim.lua("""
      package.loaded['blink.cmp.config'] = { completion = { ghost_text = { enabled = true } } }
      vim.g.loaded_copilot = 1
      vim.lsp.start({ name = 'rival', cmd = function()
        local rpc = { notify = function() end, is_closing = function() end, terminate = function() end }
        function rpc.request(_, _, answer)
          answer(nil, { capabilities = { inlineCompletionProvider = true } })
          return true, 1
        end
        return rpc
      end })""")
    lines = report(neovim)
    warnings = found(lines, "WARNING")
    assert "the server rival completes inline in this buffer, too" in warnings
    assert "blink.cmp shows ghost text of its own" in warnings
    assert "copilot.vim is loaded" in warnings
    assert_every_trouble_has_a_remedy(lines)


@pytest.mark.parametrize(
    ("setting", "told", "remedy"),
    [
        ("enable = false", "engine: switched off by the setting `enable`", "`:Glm resume`"),
        ("disabledIn = { 'python' }", "paused in python", "`:Glm resume python`"),
    ],
)
def test_what_is_switched_off_is_told(
    start_neovim: StartNeovim, project: Project, setting: str, told: str, remedy: str
) -> None:
    options = f"ghost_text = false, settings = {{ {setting} }}"
    neovim = start_neovim(f"require('glm').setup({{ {options} }})", enables=False)
    neovim.open(project.source)
    neovim.until(
        "return vim.list_contains({ 'ready', 'inactive' }, (require('glm.status').of(0) or {}).state)", 60
    )
    lines = report(neovim)
    assert told in found(lines, "WARNING")
    assert any(line.startswith(f"- {remedy}") for line in lines)
    assert_every_trouble_has_a_remedy(lines)

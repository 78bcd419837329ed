"""Docstrings in a real Neovim, with the real server: what the buffer holds, and how it is undone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.editors.conftest import StartNeovim
from tests.editors.engines import LateEngine, SlowEngine
from tests.editors.neovim import Neovim
from tests.editors.project import SOURCE, Project, assert_documented
from tests.fakes.fake_server import wait_until

_MODEL_S = 60.0
"""The engine starts and writes within this, also where much else is going on."""


def opened(neovim: Neovim, project: Project, line: int = 4) -> Neovim:
    neovim.open(project.source)
    neovim.place_cursor(line)
    return neovim


def text(neovim: Neovim) -> str:
    return "".join(f"{line}\n" for line in neovim.lines)


def wait_for_change(neovim: Neovim, before: str = SOURCE) -> str:
    deadline = time.monotonic() + _MODEL_S
    while (after := text(neovim)) == before:
        assert time.monotonic() < deadline, neovim.story()
        time.sleep(0.1)
    return after


def only_code_action(titled: str) -> str:
    filtered = f"function(action) return action.title:find({titled!r}, 1, true) ~= nil end"
    return f"vim.lsp.buf.code_action({{ filter = {filtered}, apply = true }})"


def documents_with_undo_and_redo(neovim: Neovim, *names: str) -> None:
    state = neovim.undo_state
    after = wait_for_change(neovim)
    assert_documented(SOURCE, after, *names)
    assert neovim.undo_state == (state[0] + 1, state[1] + 1)
    neovim.keys("u")
    assert text(neovim) == SOURCE
    neovim.keys("<C-r>")
    assert text(neovim) == after
    assert neovim.messages == []


def test_the_command_documents_the_definition_at_the_cursor(
    start_neovim: StartNeovim, project: Project
) -> None:
    neovim = opened(start_neovim(), project)
    neovim.command("Glm docstring")
    documents_with_undo_and_redo(neovim, "discounted")


def test_the_command_with_a_bang_documents_the_file(start_neovim: StartNeovim, project: Project) -> None:
    neovim = opened(start_neovim(), project)
    neovim.command("Glm! docstring")
    documents_with_undo_and_redo(neovim, "discounted", "total")


def test_the_code_action_documents_the_definition_at_the_cursor(
    start_neovim: StartNeovim, project: Project
) -> None:
    neovim = opened(start_neovim(), project, line=11)
    neovim.lua(only_code_action("Generate docstring for `total`"))
    documents_with_undo_and_redo(neovim, "total")


def test_a_style_can_be_asked_for(start_neovim: StartNeovim, project: Project) -> None:
    neovim = opened(start_neovim(), project, line=11)
    neovim.command("Glm docstring sphinx")
    assert ":param prices:" in wait_for_change(neovim)


def test_selected_statements_get_a_comment(start_neovim: StartNeovim, project: Project) -> None:
    neovim = opened(start_neovim(), project)
    neovim.command("13,14Glm docstring")
    after = wait_for_change(neovim).splitlines()
    added = after[12 : len(after) - len(SOURCE.splitlines()) + 12]
    assert added
    assert all(line.startswith("    # ") for line in added)
    assert [*after[:12], *after[12 + len(added) :]] == SOURCE.splitlines()


def test_a_file_with_dos_line_breaks_keeps_them(start_neovim: StartNeovim, project: Project) -> None:
    before = SOURCE.replace("\n", "\r\n").encode()
    project.source.write_bytes(before)
    neovim = opened(start_neovim(), project)
    assert neovim.lua("return vim.bo.fileformat") == "dos"
    neovim.command("Glm docstring")
    assert_documented(SOURCE, wait_for_change(neovim), "discounted")
    neovim.command("write")
    written = project.source.read_bytes()
    assert written.count(b"\r\n") == written.count(b"\n") == written.count(b"\r") == len(neovim.lines)
    neovim.keys("u")
    neovim.command("write")
    assert project.source.read_bytes() == before


def test_cancelling_leaves_the_buffer_and_its_history_as_they_were(
    start_neovim: StartNeovim, project: Project, slow: SlowEngine
) -> None:
    neovim = opened(start_neovim(using(slow)), project)
    state = neovim.undo_state
    neovim.command("Glm docstring")
    job = slow.job()
    assert text(neovim) == SOURCE
    neovim.command("Glm cancel")
    slow.assert_cancelled(job)
    time.sleep(0.5)
    assert text(neovim) == SOURCE
    assert neovim.undo_state == state
    assert neovim.messages == []
    neovim.command("Glm cancel")
    assert neovim.messages == ["GLM: nothing is being documented in this buffer"]


def test_a_buffer_edited_meanwhile_is_left_to_the_person(
    start_neovim: StartNeovim, project: Project, slow: SlowEngine
) -> None:
    neovim = opened(start_neovim(using(slow)), project)
    neovim.command("Glm docstring")
    slow.job()
    neovim.place_cursor(1)
    neovim.keys("O# mine<Esc>")
    wait_until(lambda: neovim.messages, _MODEL_S)
    assert "changed" in neovim.messages[0]
    time.sleep(0.5)
    assert text(neovim) == f"# mine\n{SOURCE}"
    neovim.keys("u")
    assert text(neovim) == SOURCE


def test_a_server_that_dies_leaves_the_buffer_free_for_the_next(
    start_neovim: StartNeovim, project: Project, slow: SlowEngine
) -> None:
    neovim = opened(start_neovim(using(slow)), project)
    neovim.command("Glm docstring")
    slow.job()
    neovim.command("lua vim.lsp.config('glm', { init_options = { engineUrl = vim.NIL } })")
    dead = neovim.lua("return vim.lsp.get_clients()[1].id")
    neovim.lua(_KILL_THE_SERVER)
    neovim.until(
        f"local next = vim.lsp.get_clients()[1] return next and next.id ~= {dead} and next.initialized"
    )
    neovim.command("Glm cancel")
    assert neovim.messages[-1] == "GLM: nothing is being documented in this buffer"
    neovim.command("Glm docstring")
    assert_documented(SOURCE, wait_for_change(neovim), "discounted")


def test_without_a_server_the_command_says_so(start_neovim: StartNeovim, project: Project) -> None:
    neovim = start_neovim("vim.lsp.config('glm', { root_dir = function() end })")
    neovim.command(f"edit {project.source}")
    neovim.command("Glm docstring")
    assert neovim.messages == ["GLM: no server for this buffer can write documentation; is glm-lsp enabled?"]
    assert text(neovim) == SOURCE


def using(engine: SlowEngine | LateEngine) -> str:
    return f"vim.lsp.config('glm', {{ init_options = {{ engineUrl = '{engine.url}' }} }})"


@pytest.mark.editors
def test_documentation_that_was_begun_is_offered_as_ghost_text(
    start_neovim: StartNeovim, project: Project, neovim_program: Path
) -> None:
    neovim = start_neovim(_TAKES_GHOST_TEXT)
    if not neovim.lua("return vim.lsp.inline_completion ~= nil"):
        pytest.skip("this Neovim shows no ghost text")
    opened(neovim, project, line=11)
    neovim.until(_ENGINE_IS_READY, _MODEL_S)
    neovim.keys('o"""')
    wait_until(neovim.ghost_text, _MODEL_S)
    assert "shipping:" in neovim.ghost_text()
    neovim.keys("<Tab>")
    wait_until(lambda: "shipping:" in text(neovim))
    neovim.keys("<Esc>")
    assert_documented(SOURCE, text(neovim), "total")
    neovim.keys("u")
    assert text(neovim) == SOURCE


@pytest.mark.editors
def test_ghost_text_asked_for_before_the_engine_is_there_comes_with_it(
    start_neovim: StartNeovim, project: Project, late: LateEngine
) -> None:
    neovim = start_neovim(using(late) + _TAKES_GHOST_TEXT + _SHOWS_NO_MESSAGES)
    if not neovim.lua("return vim.lsp.inline_completion ~= nil"):
        pytest.skip("this Neovim shows no ghost text")
    opened(neovim, project, line=11)
    neovim.keys('o"""')
    time.sleep(1)
    assert neovim.ghost_text() == ""
    late.come()
    wait_until(neovim.ghost_text, _MODEL_S)
    assert "shipping:" in neovim.ghost_text()


# That there is no engine is told as an error, and one that comes while Neovim answers a test would be the test's.
_SHOWS_NO_MESSAGES = """
vim.lsp.handlers['window/showMessage'] = function()
  return vim.NIL
end
"""

_KILL_THE_SERVER = """
for _, process in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do
  vim.uv.kill(process, 'sigkill')
end
"""

_ENGINE_IS_READY = """
local answer = vim.lsp.get_clients()[1]:request_sync('glm/status', vim.empty_dict(), 5000, 0)
return answer and answer.result and answer.result.state == 'ready'
"""

_TAKES_GHOST_TEXT = """
if vim.lsp.inline_completion then
  vim.lsp.inline_completion.enable()
  vim.keymap.set('i', '<Tab>', function()
    return vim.lsp.inline_completion.get() and '' or '<Tab>'
  end, { expr = true })
end
"""

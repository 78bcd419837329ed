"""Ghost text and docstrings in a real Emacs, set up with what its page says to paste."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.editors.emacs import Emacs
from tests.editors.project import SOURCE, Project, assert_documented
from tests.editors.setup.cache import SetupError
from tests.editors.setup.emacs import EmacsTools, emacs
from tests.editors.snippets import snippet
from tests.fakes.fake_server import short_folder

pytestmark = pytest.mark.editors

StartEmacs = Callable[[str], Emacs]

_LSP_MODE = snippet("emacs", "elisp", "lsp-mode")
_EGLOT = snippet("emacs", "elisp", "eglot")
_ALONE = "(setq lsp-enabled-clients '(glm))\n"
"""Other servers that this machine may have are no matter of these tests."""
_BEGUN = f"""{SOURCE}

def net_total(prices: list[float], shipping: float) -> float:
    amount = shipping
    for price in"""
_IS_CONNECTED = '(and (lsp-workspaces) (lsp-feature? "textDocument/inlineCompletion") t)'
_IS_READY = '(equal (lsp-get (lsp-request "glm/status" nil) :state) "ready")'


@pytest.fixture(scope="module")
def tools() -> EmacsTools:
    """Emacs with lsp-mode."""
    try:
        return emacs()
    except SetupError as error:
        pytest.skip(str(error))


@pytest.fixture
def start_emacs(tools: EmacsTools, project: Project, server_environ: dict[str, str]) -> Iterator[StartEmacs]:
    """Starts Emacs in the project, with an `init.el`."""
    running: list[Emacs] = []

    def start(init: str) -> Emacs:
        running.append(Emacs(tools, folder, init, project.folder, server_environ))
        return running[0]

    with short_folder() as folder:
        yield start
        for one in running:
            one.close()


def in_lsp_mode(editor: Emacs, source: Path) -> None:
    """Visits a file, takes the folder that lsp-mode offers, and waits for the server."""
    editor.open(source)
    editor.until(lambda: editor.drew("Select action"))
    editor.keys("i")
    editor.until(lambda: editor.shows(source) and editor.ask(_IS_CONNECTED))


def at_the_end(start_emacs: StartEmacs, source: Path) -> Emacs:
    """Emacs with something begun, the cursor behind it, and the engine awake."""
    source.write_text(_BEGUN, encoding="utf-8")
    editor = start_emacs(_ALONE + _LSP_MODE)
    in_lsp_mode(editor, source)
    editor.until(lambda: editor.ask(_IS_READY))
    editor.keys("\x1b>")
    return editor


def test_ghost_text_appears_while_typing_and_tab_takes_it(start_emacs: StartEmacs, project: Project) -> None:
    editor = at_the_end(start_emacs, project.source)
    editor.keys(" ")
    editor.until(lambda: editor.ghost_text == "prices:")
    assert editor.text == f"{_BEGUN} "
    assert editor.drew("prices:")
    editor.keys("\t")
    editor.until(lambda: editor.text == f"{_BEGUN} prices:")
    assert editor.ghost_text == ""
    editor.keys("\x1f")  # undo
    editor.until(lambda: editor.text in {f"{_BEGUN} ", _BEGUN})


def test_typing_on_and_away_with_it(start_emacs: StartEmacs, project: Project) -> None:
    editor = at_the_end(start_emacs, project.source)
    editor.keys(" ")
    editor.until(lambda: editor.ghost_text == "prices:")
    editor.keys("pri")
    editor.until(lambda: editor.ghost_text == "ces:")
    editor.keys("\x03\x0b")  # C-c C-k; C-g would also quit what the test asks
    editor.until(lambda: editor.ghost_text == "")
    assert editor.text == f"{_BEGUN} pri"


def test_asked_for_by_hand_there_are_several(start_emacs: StartEmacs, project: Project) -> None:
    editor = at_the_end(start_emacs, project.source)
    editor.ask("(progn (lsp-inline-completion-mode -1) t)")
    editor.keys(" ")
    editor.keys("\x1bxlsp-inline-completion-display\r")
    editor.until(lambda: editor.ghost_text)
    first = editor.ghost_text
    editor.keys("\x0e")  # C-n
    editor.until(lambda: editor.ghost_text not in {"", first})
    second = editor.ghost_text
    editor.keys("\t")
    editor.until(lambda: editor.text == f"{_BEGUN} {second}")


def test_a_docstring_by_code_action_in_lsp_mode(start_emacs: StartEmacs, project: Project) -> None:
    editor = start_emacs(_ALONE + _LSP_MODE)
    in_lsp_mode(editor, project.source)
    editor.ask("(progn (goto-char (point-min)) (forward-line 10) t)")
    editor.keys("\x1bxlsp-execute-code-action\r")
    documented_and_undone(editor, "Select code action", "Generate docstring for\t\r")


def test_a_docstring_by_code_action_in_eglot(start_emacs: StartEmacs, project: Project) -> None:
    editor = start_emacs("(require 'eglot)\n" + _EGLOT + "(add-hook 'python-mode-hook #'eglot-ensure)\n")
    editor.open(project.source)
    editor.until(lambda: editor.shows(project.source))
    editor.until(
        lambda: editor.ask("(and (eglot-current-server) (eglot-server-capable :codeActionProvider) t)")
    )
    editor.ask("(progn (goto-char (point-min)) (forward-line 10) t)")
    editor.keys("\x1bxeglot-code-actions\r")
    documented_and_undone(editor, "Pick an action", "\r")


def documented_and_undone(editor: Emacs, question: str, answer: str) -> None:
    """Chooses among the actions as soon as Emacs asks; what it takes is put in and can be undone."""
    editor.until(lambda: editor.drew(question))
    editor.keys(answer)
    editor.until(lambda: editor.text != SOURCE)
    assert_documented(SOURCE, editor.text, "total")
    editor.keys("\x1f")
    editor.until(lambda: editor.text == SOURCE)

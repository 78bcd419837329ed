"""Docstrings in a real Helix, set up with what its page says to paste."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.editors.project import SOURCE, Project, assert_documented
from tests.editors.setup.cache import SetupError
from tests.editors.setup.helix import helix
from tests.editors.snippets import snippet
from tests.editors.terminal import Terminal
from tests.fakes.fake_server import wait_until

pytestmark = pytest.mark.editors

_PATIENCE_S = 60.0
_TRY_S = 3.0


@pytest.fixture
def editor(project: Project, server_environ: Mapping[str, str], tmp_path: Path) -> Iterator[Terminal]:
    """Helix with the project's file at the definition of `total`."""
    try:
        program = helix()
    except SetupError as error:
        pytest.skip(str(error))
    configuration = tmp_path / "config" / "helix"
    configuration.mkdir(parents=True)
    (configuration / "languages.toml").write_text(snippet("helix", "toml"), encoding="utf-8")
    environ = {**os.environ, **server_environ, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    environ |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), "LC_ALL": "C.UTF-8"}
    terminal = Terminal([program, f"{project.source}:11"], project.folder, environ)
    yield terminal
    terminal.close()


def test_a_docstring_by_code_action_and_undo(editor: Terminal, project: Project) -> None:
    _until(editor, " a", lambda: "Generate docstring" in editor.drawn)
    editor.keys("\r")
    documented = _saved_other_than(editor, project, SOURCE)
    assert_documented(SOURCE, documented, "total")
    editor.keys("u")
    assert _saved_other_than(editor, project, documented) == SOURCE


def _saved_other_than(editor: Terminal, project: Project, before: str) -> str:
    """What is on disk once saving changes it."""

    def text() -> str:
        return project.source.read_text(encoding="utf-8")

    _until(editor, ":write\r", lambda: text() not in {before, ""})
    return text()


def _until(editor: Terminal, keys: str, happened: Callable[[], bool]) -> None:
    """Types something again and again, as long as it does not help; each time gets a while."""
    deadline = time.monotonic() + _PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, editor.drawn[-3000:]
        editor.keys(keys)
        with contextlib.suppress(AssertionError):
            wait_until(happened, _TRY_S)

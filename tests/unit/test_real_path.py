"""Links are followed before a file's name is judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from glm_lsp.completion.placement import Refusal, refuse_document
from glm_lsp.lsp.document import Documents
from glm_lsp.lsp.workspace_path import real_path
from glm_lsp.source_file import SourcePosition


@pytest.fixture
def link(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text("KEY=1\n")
    path = tmp_path / "link.py"
    path.symlink_to(tmp_path / ".env")
    return path


def test_an_open_link(link: Path) -> None:
    documents = Documents()
    documents.open(link.as_uri(), "python", 1, "KEY=1")
    snapshot = documents.snapshot(link.as_uri(), (0, 5))
    assert snapshot is not None
    assert refuse_document(snapshot) is Refusal.SECRET_FILE


def test_a_link_on_the_command_line(link: Path) -> None:
    snapshot = SourcePosition.parse(f"{link}:1").snapshot()
    assert refuse_document(snapshot) is Refusal.SECRET_FILE


@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "", "http://x/y.py", "file://[", "not a uri"])
def test_what_is_no_file_has_no_real_path(uri: str) -> None:
    assert real_path(uri) == ""

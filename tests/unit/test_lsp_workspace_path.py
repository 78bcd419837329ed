"""The path a model sees of a document's URI."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from glm_lsp.lsp.workspace_path import document_key, real_path, relative_path


@pytest.mark.parametrize(
    ("uri", "folders", "path"),
    [
        ("file:///home/me/proj/pkg/a.py", ["file:///home/me/proj"], "pkg/a.py"),
        ("file:///home/me/proj/pkg/a.py", ["file:///home/me/proj/"], "pkg/a.py"),
        ("file:///home/me/proj/a%20b/%C3%A9.py", ["file:///home/me/proj"], "a b/é.py"),
        ("file:///home/me/my%20proj/a.py", ["file:///home/me/my%20proj"], "a.py"),
        ("file:///home/me/proj/pkg/a.py", ["file:///home/me", "file:///home/me/proj"], "pkg/a.py"),
        ("file:///home/me/proj/pkg/a.py", ["file:///home/me/proj/pkg", "file:///home/me"], "a.py"),
        ("file:///home/me/project/a.py", ["file:///home/me/proj"], "a.py"),
        ("file:///etc/hosts", ["file:///home/me"], "hosts"),
        ("file:///home/me/a.py", [], "a.py"),
        ("file:/home/me/proj/pkg/a.py", ["file:///home/me/proj"], "pkg/a.py"),
        ("file://localhost/home/me/proj/pkg/a.py", ["file:/home/me/proj"], "pkg/a.py"),
        ("file:///home/me/proj/../secret/a.py", ["file:///home/me/proj"], "a.py"),
        ("file:///a.py", ["file:///"], "a.py"),
        ("file:///c%3A/Users/me/proj/pkg/a.py", ["file:///c%3A/Users/me/proj"], "pkg/a.py"),
        ("file:///C:/Users/Me/proj/pkg/a.py", ["file:///c%3A/users/me/PROJ"], "pkg/a.py"),
        ("file:///d:/proj/a.py", ["file:///c:/proj"], "a.py"),
        (r"file:///c:\proj\pkg\a.py", ["file:///c:/proj"], "pkg/a.py"),
        ("file://server/share/proj/pkg/a.py", ["file://server/share/Proj"], "pkg/a.py"),
        ("file:///home/me/Proj/a.py", ["file:///home/me/proj"], "a.py"),
        ("vscode-remote://one/home/me/proj/pkg/a.py", ["vscode-remote://one/home/me/proj"], "pkg/a.py"),
        ("vscode-remote://one/home/me/proj/a.py", ["vscode-remote://two/home/me"], "a.py"),
        ("vscode-notebook-cell:/home/me/proj/n.ipynb#X1", ["file:///home/me/proj"], "n.ipynb"),
        ("untitled:Untitled-1", ["file:///home/me"], ""),
        ("untitled:/home/me/new.py", ["file:///home/me"], ""),
        ("file:///home/me", ["file:///home/me"], "me"),
        ("file:///", [], ""),
        ("", ["file:///home"], ""),
        ("no uri at all", ["file:///home"], ""),
        ("http://[broken/a.py", ["file:///home"], ""),
        ("file:///home/me/a.py", ["http://[broken", "file:///home/me"], "a.py"),
    ],
)  # fmt: skip
def test_path(uri: str, folders: list[str], path: str) -> None:
    assert relative_path(uri, folders) == path


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("file:///c%3A/a.py", "file:///c:/a.py", True),
        ("file:///C:/a.py", "file:///c%3A/a.py", True),
        ("file:///a%20b.py", "file:///a b.py", True),
        ("file:///a.py", "file:///A.py", False),
        ("file:///a%2520b", "file:///a%20b", False),
        ("file:/a.py", "file:///a.py", True),
        ("file:/C%3A/a.py", "file:///c:/a.py", True),
    ],
)
def test_two_spellings_of_one_document(one: str, other: str, same: bool) -> None:
    assert (document_key(one) == document_key(other)) is same


def test_a_link_is_followed_to_where_the_file_lies(tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    (folder / "a b.env").write_text("SECRET=1")
    (folder / "link.py").symlink_to(folder / "a b.env")
    assert real_path((folder / "link.py").as_uri()) == (folder / "a b.env").as_posix()
    for uri in ((folder / "a b.env").as_uri(), "untitled:Untitled-1", "http://[", "file:///a%00b", ""):
        assert real_path(uri) == ""


def test_starting_does_not_import_what_only_downloads_need() -> None:
    """`urllib.request` alone would take a fifth of the time until `initialize` is answered."""
    program = "import glm_lsp.lsp.server, sys; print('urllib.request' in sys.modules)"
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert output.strip() == "False"

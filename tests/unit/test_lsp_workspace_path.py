"""The path a model sees of a document's URI."""

from __future__ import annotations

import pytest

from glm_lsp.lsp.workspace_path import document_key, relative_path


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
    ],
)
def test_two_spellings_of_one_document(one: str, other: str, same: bool) -> None:
    assert (document_key(one) == document_key(other)) is same

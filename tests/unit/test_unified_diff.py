"""Diffs are such that `git apply` makes the new file out of the old one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.unified_diff import unified_diff

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def applied(folder: Path, name: str, old: str, diff: str) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(old.encode())
    (folder / "change.diff").write_bytes(diff.encode())
    command = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "change.diff"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return path.read_bytes().decode()


def test_no_difference_is_no_diff() -> None:
    assert unified_diff("a.py", "a\n", "a\n") == ""


def test_a_diff_is_as_git_writes_it() -> None:
    assert unified_diff("pkg/a.py", "a\nb\n", "a\n# c\nb\n") == (
        "--- a/pkg/a.py\n+++ b/pkg/a.py\n@@ -1,2 +1,3 @@\n a\n+# c\n b\n"
    )


@needs_git
@pytest.mark.parametrize("name", ["a.py", "with blank.py", "ä/😀.py", 'quo"te\\.py', "tab\there.py"])
def test_any_name_can_be_applied(tmp_path: Path, name: str) -> None:
    old, new = "a = 1\n\n\nb = 2\n", "a = 1\n\n\n# new\nb = 2\n"
    assert applied(tmp_path, name, old, unified_diff(name, old, new)) == new


@needs_git
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\r\nb\r\n", "a\r\n# c\r\nb\r\n"),
        ("a\nb", "a\n# c\nb"),
        ("a", "# c\na"),
        ("a\rb\r", "a\r# c\rb\r"),
        ("\ufeffa\nb\n", "\ufeff# c\na\nb\n"),
        ("a\x0cb\x1c\u2028c\x85\n", "# c\na\x0cb\x1c\u2028c\x85\n"),
        ("a\n", "a\n# c"),
        ("a", "a\n"),
        ("", "# c\n"),
    ],
)
def test_line_ends_come_out_as_they_are(tmp_path: Path, old: str, new: str) -> None:
    assert applied(tmp_path, "a.txt", old, unified_diff("a.txt", old, new)) == new


@given(
    st.lists(st.sampled_from(["a", "b\r", "c\u2028", "", "ä"])), st.lists(st.sampled_from(["a", "b\r", ""]))
)
def test_lines_taken_out_and_put_in_are_those_that_differ(old: list[str], new: list[str]) -> None:
    diff = unified_diff("x", "\n".join(old), "\n".join(new))
    removed = [line for line in diff.split("\n")[2:] if line.startswith("-")]
    added = [line for line in diff.split("\n")[2:] if line.startswith("+")]
    assert (diff == "") == ("\n".join(old) == "\n".join(new))
    assert len(removed) <= len(old)
    assert len(added) <= len(new)

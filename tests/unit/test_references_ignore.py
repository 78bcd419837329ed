"""Which files the ignore rules of a workspace name."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from glm_lsp.references.candidate import Verdict
from glm_lsp.references.ignore import IgnoreRules

RULES = {
    ".gitignore": "*.log\n!keep.log\nbuild/\n/top.py\ndoc/*.txt\n#x\n\nsecret*\n!secret_agent.py\nwild/**/x.py\n",
    "sub/.gitignore": "!back.log\nlocal.py\ndeep/\n",
    "sub/inner/.gitignore": "*\n!.gitignore\n!kept.py\n",
    ".git/info/exclude": "excluded_*\n!top.py\n",
}
FILES = [
    "a.py", "a.log", "keep.log", "build/a.py", "sub/build/a.py", "top.py", "sub/top.py", "doc/a.txt", "doc/deep/a.txt",
    "secret.py", "secret_agent.py", "sub/secrets/a.py", "sub/back.log", "sub/other.log", "sub/local.py", "local.py",
    "sub/deep/a.py", "sub/deep/keep.log", "sub/inner/a.py", "sub/inner/kept.py", "sub/inner/more/kept.py",
    "excluded_a.py", "sub/excluded_b.py", "wild/x.py", "wild/a/b/x.py", "wild/y.py", "build/keep.log",
    "é/ü.log", "é/ü.py",
]  # fmt: skip


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name in [*RULES, *FILES]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(RULES.get(name, "x = 1\n"))
    return tmp_path


def ignored(repository: Path, root: Path | None = None) -> set[str]:
    rules = IgnoreRules([str(root or repository)])
    return {name for name in FILES if rules.is_gitignored(str(repository / name))}


def git(folder: Path, *arguments: str) -> str:
    program = shutil.which("git")
    if program is None:
        pytest.skip("git is the oracle")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    asked = subprocess.run(
        [program, "-c", "core.quotePath=false", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return asked.stdout


def test_the_same_files_as_git(repository: Path) -> None:
    git(repository, "init", "-q")
    (repository / ".git" / "info" / "exclude").write_text(RULES[".git/info/exclude"])
    expected = set(git(repository, "check-ignore", *FILES).split("\n")) - {""}
    assert len(expected) > 10
    assert ignored(repository) == expected


def test_rules_of_the_repository_hold_where_a_part_of_it_is_opened(repository: Path) -> None:
    part = repository / "sub"
    inside = {name for name in FILES if name.startswith("sub/")}
    assert ignored(repository, part) == ignored(repository) & inside


def test_a_glmignore_excludes_and_git_has_no_say_in_it(tmp_path: Path) -> None:
    (tmp_path / ".glmignore").write_text("private/\n*.sql\n!open.sql\n")
    (tmp_path / ".gitignore").write_text("!private/\na.py\n")
    rules = IgnoreRules([str(tmp_path)])
    assert rules.is_excluded(str(tmp_path / "private" / "a.py"))
    assert rules.verdict(str(tmp_path / "x" / "a.sql")) is Verdict.EXCLUDED
    assert rules.verdict(str(tmp_path / "open.sql")) is None
    assert rules.verdict(str(tmp_path / "a.py")) is Verdict.GITIGNORED
    assert not rules.is_excluded(str(tmp_path / "a.py"))
    assert not rules.is_excluded(str(tmp_path.parent / "private" / "a.py"))


def test_the_folder_of_git_itself_is_ignored(tmp_path: Path) -> None:
    rules = IgnoreRules([str(tmp_path)])
    assert rules.is_gitignored(str(tmp_path / ".git" / "config"))
    assert rules.is_gitignored(str(tmp_path / "vendor" / ".git" / "hooks" / "a.py"))
    assert not rules.is_gitignored(str(tmp_path / ".github" / "a.py"))


def test_changed_rules_are_noticed(tmp_path: Path) -> None:
    rules = IgnoreRules([str(tmp_path)])
    file = str(tmp_path / "a.py")
    assert not rules.is_gitignored(file)
    (tmp_path / ".gitignore").write_text("a.py\n")
    rules.refresh()
    assert rules.is_gitignored(file)
    (tmp_path / ".gitignore").write_text("bb.py\n")
    rules.refresh()
    assert not rules.is_gitignored(file)


@pytest.mark.parametrize(
    "content",
    [b"a" * 300_000, b"*a" * 200 + b"\n", b"a.py\n" * 6000],
    ids=["too large", "too costly", "too many lines"],
)
def test_rules_that_cannot_be_applied_ignore_everything(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / ".gitignore").write_bytes(content)
    rules = IgnoreRules([str(tmp_path)])
    assert rules.is_gitignored(str(tmp_path / "sub" / "b.py"))
    assert not rules.is_gitignored(str(tmp_path / "b.py"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_rules_are_never_read_from_a_pipe_or_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "pipe").mkdir()
    (tmp_path / "link").mkdir()
    os.mkfifo(tmp_path / "pipe" / ".gitignore")
    (tmp_path / "rules").write_text("nothing\n")
    (tmp_path / "link" / ".gitignore").symlink_to(tmp_path / "rules")
    rules = IgnoreRules([str(tmp_path)])
    assert rules.is_gitignored(str(tmp_path / "pipe" / "a.py"))
    assert rules.is_gitignored(str(tmp_path / "link" / "a.py"))


def test_a_line_that_is_no_pattern_takes_none_with_it(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"!\n\\\n\xff\xfe\na.py\n")
    rules = IgnoreRules([str(tmp_path)])
    assert rules.is_gitignored(str(tmp_path / "a.py"))
    assert not rules.is_gitignored(str(tmp_path / "b.py"))

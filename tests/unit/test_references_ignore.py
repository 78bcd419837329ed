"""Which files the ignore rules of a workspace name."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from glm_lsp.references.candidate import Verdict
from glm_lsp.references.ignore import IgnoreRules
from glm_lsp.references.rule_lines import linear, widened

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
    [b"a" * 300_000, b"*a" * 300 + b"\n", b"a.py\n" * 6000, "a.py\n".encode("utf-16-le")],
    ids=["too large", "too long a line", "too many lines", "not UTF-8"],
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
    (tmp_path / ".gitignore").write_bytes(b"!\n\\\n\xff\xfe\n[z-a].py\nx/[9-0]*\na.py\n")
    rules = IgnoreRules([str(tmp_path)])
    assert rules.is_gitignored(str(tmp_path / "a.py"))
    assert not rules.is_gitignored(str(tmp_path / "b.py"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_rules_in_the_encodings_that_editors_write(tmp_path: Path, encoding: str) -> None:
    (tmp_path / ".glmignore").write_bytes("é.py\r\na.py\r\n".encode(encoding))
    rules = IgnoreRules([str(tmp_path)])
    assert rules.is_excluded(str(tmp_path / "a.py"))
    assert rules.is_excluded(str(tmp_path / "é.py"))
    assert not rules.is_excluded(str(tmp_path / "b.py"))


def test_rules_of_every_workspace_folder_around_a_file_count(tmp_path: Path) -> None:
    inner = tmp_path / "between" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / ".glmignore").write_text("between/inner/a.py\n")
    (tmp_path / "between" / ".glmignore").write_text("b.py\n")
    (inner / ".glmignore").write_text("c.py\n")
    rules = IgnoreRules([str(tmp_path), str(inner)])
    assert [rules.is_excluded(str(inner / f"{name}.py")) for name in "abcd"] == [True, True, True, False]


@pytest.mark.parametrize(
    "line",
    [
        "*a" * 255, "*a*a*a*a*a*a*ab", "*" + "a*" * 120 + "b", "*?" * 200 + "b", "*" * 500 + "b", "*[ab]" * 60 + "b",
        "**/a*/**/a*/**/a*/**/b", "**/" * 100 + "b", "a*/" * 60 + "b", "?" * 500 + "*[",
    ],
)  # fmt: skip
def test_no_line_takes_long(tmp_path: Path, line: str) -> None:
    (tmp_path / ".glmignore").write_text(line + "\n")
    rules = IgnoreRules([str(tmp_path)])
    rules.is_excluded(str(tmp_path / "x.py"))
    took = []
    for name in ("a" * 255, "/".join(["aaaaaaa"] * 32)):
        # The quickest of some: others may be using the machine.
        for _ in range(5):
            started = time.thread_time()
            rules.is_excluded(str(tmp_path / name))
            took.append(time.thread_time() - started)
        assert min(took[-5:]) < 0.02


def test_expressions_in_linear_time_match_the_same_names() -> None:
    spec = pytest.importorskip("pathspec.patterns.gitignore.spec").GitIgnoreSpecPattern
    chance = random.Random(0)
    num_matches = num_changed = 0
    for _ in range(3000):
        line = "".join(
            chance.choices(["a", "b", "*", "*", "?", "[ab]", "[!b]", "/", "\\*", "."], k=chance.randint(1, 9))
        )
        try:
            expression = spec.pattern_to_regex(line)[0]
        except ValueError:
            continue
        if expression is None:
            continue
        changed = linear(expression)
        num_changed += changed != expression
        for _ in range(10):
            name = "".join(chance.choices("aab.*", k=chance.randint(1, 8)))
            name = f"{name}/{name[::-1]}" if chance.random() < 0.3 and "/" in line else name
            found = re.match(expression, name) is not None
            assert (re.match(changed, name) is not None) is found, (line, name)
            num_matches += found
    assert num_changed > 300
    assert num_matches > 300


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a/**/b/**/c", "a/**/b/**/c"),
        ("a/**/b/**/c/**/d", "a/**/b/**/c/**"),
        ("**/**/**/**/d", "**/**/**/**/d"),
        ("**/a/**/b/**/c", "**/a/**/b/**"),
        ("!a/**/b/**/c/**/d", ""),
        ("# **/a/**/b/**/c", "# **/a/**/b/**/c"),
        ("*a*a*a*", "*a*a*a*"),
    ],
)
def test_lines_that_would_take_long_name_more_and_take_nothing_back(line: str, expected: str) -> None:
    assert widened(line) == expected


def test_a_path_that_no_file_has_counts_as_ignored(tmp_path: Path) -> None:
    rules = IgnoreRules([str(tmp_path)])
    assert rules.is_excluded(str(tmp_path) + "/a" * 200)
    assert not rules.is_excluded(str(tmp_path) + "/a" * 20)

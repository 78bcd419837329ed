"""`glm-lsp docstring` with authors who fail, dawdle or are told: what is written, what is said of it, how it ends."""

from __future__ import annotations

import ast
import gc
import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from glm_lsp import terminal
from glm_lsp.docstring.author import Author, Gap
from glm_lsp.docstring.authors import choice as authors
from glm_lsp.docstring_files import SourceToDocument
from glm_lsp.engine.client.client import EngineClient
from glm_lsp.errors import EngineLostError, ModelNotFoundError
from tests.cli_in_process import InProcess

SOURCE = "def area(radius):\n    return 3 * radius * radius\n"


class Silent:
    """Has nothing to say; before that something happens, for each sentence."""

    def __init__(self, happens: Callable[[Gap], None] = lambda gap: None) -> None:
        self._happens = happens

    async def write(self, gap: Gap) -> str | None:
        self._happens(gap)
        return None


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., InProcess]:
    def with_author(author: Author | None = None, *, is_terminal: bool = False) -> InProcess:
        async def author_for(client: EngineClient) -> Author:
            return author or Silent()

        def client() -> EngineClient:
            return cast("EngineClient", object())

        monkeypatch.setattr(authors, "author_for", author_for)
        return InProcess(tmp_path, client, is_terminal=is_terminal)

    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_text(SOURCE)
    return with_author


def docstring_of(path: Path) -> str | None:
    [function] = ast.parse(path.read_text()).body
    assert isinstance(function, ast.FunctionDef)
    return ast.get_docstring(function)


def lost_in(path: str) -> Callable[[Gap], None]:
    def happens(gap: Gap) -> None:
        if gap.path == path:
            raise EngineLostError("the engine went away")

    return happens


def test_json_tells_what_was_written_before_the_engine_was_lost(
    run: Callable[..., InProcess], tmp_path: Path
) -> None:
    result = run(Silent(lost_in("b.py")))("docstring", "a.py", "b.py", "c.py", "--write", "--json")
    written, failed = result.json
    assert (written["file"], written["name"]) == ("a.py", "area")
    assert (docstring_of(tmp_path / "a.py") or "?") in written["documentation"]
    assert failed == {"file": "b.py", "error": EngineLostError("the engine went away").to_dict()}
    assert "documented 1 in 1 file" in result.stderr
    assert result.status == 1
    assert (tmp_path / "b.py").read_text() == (tmp_path / "c.py").read_text() == SOURCE


def test_people_are_told_the_same(run: Callable[..., InProcess]) -> None:
    result = run(Silent(lost_in("b.py")))("docstring", "a.py", "b.py", "c.py", "--write")
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr.count("the engine went away") == 1
    assert "documented 1 in 1 file" in result.stderr


def test_json_after_ctrl_c_has_what_was_written(run: Callable[..., InProcess], tmp_path: Path) -> None:
    def happens(gap: Gap) -> None:
        if gap.path == "b.py":
            raise KeyboardInterrupt

    result = run(Silent(happens))("docstring", "a.py", "b.py", "--write", "--json")
    assert result.status == terminal.INTERRUPTED
    assert [one["file"] for one in result.json] == ["a.py"]
    assert (tmp_path / "b.py").read_text() == SOURCE


def test_an_engine_that_does_not_start_is_told_in_the_same_shape(
    run: Callable[..., InProcess], tmp_path: Path
) -> None:
    def client() -> EngineClient:
        raise ModelNotFoundError("there is no model x")

    result = InProcess(tmp_path, client)("docstring", "a.py", "b.py", "--json")
    assert result.status == 1
    assert [(one["file"], one["error"]["code"]) for one in result.json] == [("a.py", "GLM-201")]


@pytest.mark.parametrize("options", [[], ["--write"], ["--diff"], ["--check"], ["--list"]])
@pytest.mark.parametrize("data", [b"# k\xe4se\n", b"\0", b"#" * (10 * 2**20 + 1)])
def test_a_file_that_is_no_text_is_no_wrong_use_of_many(
    run: Callable[..., InProcess], tmp_path: Path, options: list[str], data: bytes
) -> None:
    (tmp_path / "odd.py").write_bytes(data)
    result = run()("docstring", "odd.py", "a.py", *options, "--json")
    assert result.status == 1
    odd, other = (next(one for one in result.json if one["file"] == name) for name in ("odd.py", "a.py"))
    assert odd["error"]["code"] in {"GLM-102", "GLM-103"}
    assert other["name"] in {"area", "module"}
    assert (tmp_path / "odd.py").read_bytes() == data
    alone = run()("docstring", "odd.py", *options)
    assert alone.status == 2
    assert odd["error"]["code"] in alone.stderr


@pytest.mark.parametrize("argument", ["nowhere.py", "b.py:99"])
def test_what_is_named_and_not_there_is_wrong_use(
    run: Callable[..., InProcess], tmp_path: Path, argument: str
) -> None:
    for others in ([], ["a.py"]):
        result = run()("docstring", argument, *others, "--write", "--json")
        assert result.status == 2
        errors = [one for one in result.json if "error" in one]
        assert [one["file"] for one in errors] == [argument.partition(":")[0]]
        assert len(result.json) == 1 + len(others)


def test_a_file_changed_while_its_documentation_is_written_stays_as_it_is(
    run: Callable[..., InProcess], tmp_path: Path
) -> None:
    def happens(gap: Gap) -> None:
        (tmp_path / gap.path).write_text("changed = 1\n")

    result = run(Silent(happens))("docstring", "a.py", "--write")
    assert result.status == 2
    assert "GLM-109: a.py was changed" in result.stderr
    assert (tmp_path / "a.py").read_text() == "changed = 1\n"


def test_a_file_is_read_when_its_turn_comes(run: Callable[..., InProcess], tmp_path: Path) -> None:
    def happens(gap: Gap) -> None:
        if gap.path == "a.py":
            (tmp_path / "b.py").write_text("def later(x):\n    return x\n")

    result = run(Silent(happens))("docstring", "a.py", "b.py", "--write", "--json")
    assert [one["name"] for one in result.json] == ["area", "later"]
    assert '"""' in (tmp_path / "b.py").read_text()


@pytest.mark.parametrize("option", ["--write", "--check", "--list", "--diff"])
def test_one_file_is_in_memory_at_a_time(
    run: Callable[..., InProcess], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    names = [f"f{number}.py" for number in range(8)]
    for name in names:
        (tmp_path / name).write_text(SOURCE)
    trees: list[weakref.ref[Any]] = []
    alive: list[int] = []
    read = SourceToDocument.read

    def noted(*arguments: Any, **more: Any) -> SourceToDocument:
        gc.collect()
        alive.append(sum(tree() is not None for tree in trees))
        found = read(*arguments, **more)
        trees.append(weakref.ref(found.source.tree))
        return found

    monkeypatch.setattr(SourceToDocument, "read", noted)
    assert run()("docstring", *names, option).status in {0, 1}
    assert len(alive) == 8
    assert max(alive) <= 2


@pytest.mark.skipif(os.name != "posix", reason="names of POSIX")
@pytest.mark.parametrize("option", ["--diff", "--list", "--check", "--all"])
def test_a_terminal_gets_no_commands_from_a_file(
    run: Callable[..., InProcess], tmp_path: Path, option: str
) -> None:
    quote = '"""Is \x1b]0;title\x07\x1b[31mred\x9b1m \u202eback."""'
    text = f"class A:\n    def f(self, x):\n        {quote}\n        return x\n"
    (tmp_path / "a\x1b[2J.py").write_text(text)
    shown = run(is_terminal=True)("docstring", "a\x1b[2J.py", "--all", option).stdout
    assert "A" in shown
    assert not set(shown) & set("\x1b\x07\x9b\u202e")
    piped = run()("docstring", "a\x1b[2J.py", "--all", option).stdout
    assert "a\x1b[2J.py" in piped or "\\033" in piped
    if option == "--diff":
        assert r"\x1b[31mred\x9b1m \u202eback" in shown
        assert "\x1b[31mred\x9b1m \u202eback" in piped


def test_lines_of_a_terminal_end_as_they_did(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.print_source("a\tb\r\nc\n\x1b", end="")
    assert capsys.readouterr().out == "a\tb\r\nc\n\x1b"

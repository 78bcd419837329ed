"""What is left of a suggestion after typing, and its words and lines: pure Lua, run by Neovim without a screen."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

_PLUGIN = Path(__file__).parents[2] / "editors" / "neovim"


def call(program: Path, function: str, *arguments: Any) -> Any:
    quoted = json.dumps(json.dumps([function, *arguments]))
    script = (
        f"lua local given = vim.json.decode({quoted}) local name = table.remove(given, 1) "
        "local result = require('glm.ghost_text.suggestion')[name](unpack(given)) "
        "io.stdout:write(vim.json.encode(result == nil and vim.NIL or result))"
    )
    command = [
        program,
        "--headless",
        "--clean",
        "--cmd",
        f"set runtimepath^={_PLUGIN}",
        "-c",
        script,
        "-c",
        "qa!",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    return json.loads(done.stdout)


def suggestion(text: str, head: str = "", replaced: str = "", after: str = "") -> dict[str, str]:
    return {"head": head, "text": text, "replaced": replaced, "after": after}


@pytest.mark.parametrize(
    ("given", "line", "column", "left"),
    [
        pytest.param(suggestion("ab", "x = "), "x = ", 4, ("ab", ""), id="nothing typed"),
        pytest.param(suggestion("ab", "x = "), "x = a", 5, ("b", ""), id="its beginning typed"),
        pytest.param(suggestion("ab", "x = "), "x = ab", 6, None, id="all of it typed"),
        pytest.param(suggestion("ab", "x = "), "x = b", 5, None, id="something else typed"),
        pytest.param(suggestion("ab", "x = "), "x =", 3, None, id="its place taken away"),
        pytest.param(suggestion("ab", "x = "), "y = a", 5, None, id="another line"),
        pytest.param(suggestion("a, b", "f(", after=")"), "f(a)", 3, (", b", ""), id="within brackets"),
        pytest.param(suggestion("(a)", "f"), "f()", 2, ("a)", ")"), id="a bracket closed by the editor"),
        pytest.param(suggestion("(a", "f"), "f()", 2, None, id="a bracket that it does not close"),
        pytest.param(suggestion("a)", "f(", ")"), "f()", 2, ("a)", ")"), id="a replacement"),
        pytest.param(suggestion(")", "f(", ")"), "f()", 2, None, id="nothing would change"),
        pytest.param(suggestion("価格", "é"), "é価", 5, ("格", ""), id="wide characters"),
        pytest.param(suggestion("a\n  b", "x"), "xa", 2, ("\n  b", ""), id="a line's end"),
    ],
)
def test_what_is_left(
    neovim_program: Path, given: dict[str, str], line: str, column: int, left: tuple[str, str] | None
) -> None:
    rest = call(neovim_program, "rest", given, line, column)
    assert (rest and (rest["text"], rest["replaced"])) == left


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (" = price", " ="),
        ("al_2 = x", "al_2"),
        ("(a, b)", "("),
        (".append(x)", "."),
        ("\n    return x", "\n    return"),
        ("価格 = 1", "価格"),
        ("    ", "    "),
        ("x", "x"),
    ],
)
def test_a_word_has_the_blanks_before_it(neovim_program: Path, text: str, word: str) -> None:
    assert call(neovim_program, "word", text) == word


@pytest.mark.parametrize(
    ("text", "line"), [("ab\ncd\n", "ab"), ("\n  cd\nef", "\n  cd"), ("\n\n  cd", "\n\n  cd"), ("ab", "ab")]
)
def test_a_line_is_the_rest_of_this_one_or_the_next(neovim_program: Path, text: str, line: str) -> None:
    assert call(neovim_program, "line", text) == line


@pytest.mark.parametrize(
    ("text", "replaced", "pieces"),
    [
        ("a, b)", ")", [(0, "a, b")]),
        ("a(b))", ")", [(0, "a(b)")]),
        ("a) + b", ")", [(0, "a"), (1, " + b")]),
        ("ab", "x", None),
        ("価é", "é", [(0, "価")]),
    ],
)
def test_what_is_new_is_told_from_what_stands_there(
    neovim_program: Path, text: str, replaced: str, pieces: list[tuple[int, str]] | None
) -> None:
    found = call(neovim_program, "pieces", text, replaced)
    assert (found and [(piece["column"], piece["text"]) for piece in found]) == pieces

"""Which insertions leave a text as sound as it was."""

from __future__ import annotations

import math
import random
import re
import time
from itertools import count

import pytest

from glm_lsp.syntax.pace import Clocks
from glm_lsp.syntax.scope import Scope
from glm_lsp.syntax.tree import SyntaxTree
from glm_lsp.syntax.validity import parses_no_worse
from tests.syntax_sources import SOURCES

SOUND = [
    ("python", "x = foo(║\ny = 2\n", "1, 2)"),
    ("python", "def f():\n    ║\n", "return 1"),
    ("python", "║\nx = 1\n", "def f(a, b):"),
    ("python", "║\nx = 1\n", "foo("),
    ("python", "f(1, ║\n", "["),
    ("python", "f(\n    1║\n)\n", ","),
    ("python", "║\ndef f(): ...\n", "@cache"),
    ("python", "║\nx = 1\n", "try:"),
    ("python", "x = foo(║)\n", "a, b"),
    ("python", "# it's ║\nx = 1\n", "a ({[ comment"),
    ("python", 'def f():\n    """Says\n    ║\n    """\n', "what's (in it"),
    ("python", "def f(x):\n    ║\n", "for i in x:\n        g(i)\n    return x"),
    ("python", "x = 1 1\ny = foo(║\n", "a)"),
    ("javascript", "║\nlet y;\n", "if (x) {"),
    ("javascript", "f(║\nlet y;\n", "() => {"),
    ("javascript", "/* a ║\n", "it's (b"),
    ("go", "func f() {\n\t║\n}\n", "for i := range x {"),
    ("rust", "fn f() {\n    ║\n}\n", "match x {"),
    ("java", "class A {\n    ║\n}\n", "void f() {"),
    ("c", "║\nint x;\n", "int f(int a)"),
    ("c", "║\nint x;\n", "#if A"),
    ("cpp", "║\n", "template <class T>"),
    ("cobol", "║", "((("),
]
BROKEN = [
    ("python", "x = foo(║\ny = 2\n", "1, 2"),
    ("python", "x = ║\n", "foo(1))"),
    ("python", "x = ║\ny = 2\n", '"abc'),
    ("python", "def f():\n    ║\n", "return return"),
    ("python", "x = foo(║)\n", "a, b)"),
    ("python", "x = 1  # a\n║\n", ") + 2"),
    ("python", "def f(x):\n    ║\n", "for i in x:\n        g(i))\n    return x"),
    ("javascript", "let x = ║;\n", "f(a b)"),
    ("go", "func f() {\n\t║\n}\n", "for i := := x {"),
    ("rust", "fn f() {\n    ║\n}\n", "let x = ;"),
    ("java", "class A {\n    int x = ║\n}\n", "f(1;"),
    ("c", "int f() {\n    ║\n}\n", "return 1 1;"),
    ("cpp", "int x = ║\n", '"a;'),
    ("c", "void f() {\n    ║\n        g();\n    }\n}\n", "if (a[i.b > 0) {"),
]


def judged(language: str, marked: str, insertion: str, *, is_whole: bool = True) -> bool:
    before, after = marked.split("║")
    tree = SyntaxTree.parse(language, before + after)
    return tree is None or parses_no_worse(tree, len(before), insertion, is_whole=is_whole, within_s=math.inf)


@pytest.mark.parametrize(("language", "marked", "insertion"), SOUND)
def test_sound(language: str, marked: str, insertion: str) -> None:
    assert judged(language, marked, insertion)


@pytest.mark.parametrize(("language", "marked", "insertion"), BROKEN)
def test_broken(language: str, marked: str, insertion: str) -> None:
    assert not judged(language, marked, insertion)


def test_a_piece_of_a_line_has_only_to_add_no_error() -> None:
    for language, marked in [("python", "x = foo(║\n"), ("javascript", "x = foo(║;\ny();\n")]:
        assert not judged(language, marked, "bar, 2")
        assert judged(language, marked, "bar, 2", is_whole=False)
    assert not judged("python", "x = foo(1)║\ny = 2\n", " bar", is_whole=False)


@pytest.mark.parametrize("language", SOURCES)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_rest_of_a_line_is_always_sound(language: str, line_end: str) -> None:
    rng = random.Random(language)
    source = SOURCES[language].replace("\n", line_end)
    lines = list(re.finditer(r"[^\r\n]*\S[^\r\n]*", source))
    for _ in range(80):
        line = rng.choice(lines)
        cursor = rng.randrange(line.start(), line.end())
        tree = SyntaxTree.parse(language, source[:cursor] + source[line.end() :])
        assert tree is not None
        assert parses_no_worse(tree, cursor, source[cursor : line.end()], within_s=math.inf)


@pytest.mark.parametrize("language", SOURCES)
def test_many_rests_of_a_line_without_one_of_their_brackets_are_not(language: str) -> None:
    """On lines that are done; where one goes on below, what is missing may still come."""
    rng = random.Random(language)
    source = SOURCES[language]
    whole = SyntaxTree.parse(language, source)
    assert whole is not None
    num_tried = num_caught = 0
    for bracket in [at for at in range(len(source)) if source[at] in ")]"] * 4:
        start, end = source.rfind("\n", 0, bracket) + 1, source.find("\n", bracket)
        cursor = rng.randrange(start, bracket + 1)
        rest = source[cursor:bracket] + source[bracket + 1 : end]
        if not rest.strip() or rest.endswith(("{", "(", "[", ",")):
            continue
        if whole.scope_at(bracket + 1) is not Scope.CODE:
            continue
        tree = SyntaxTree.parse(language, source[:cursor] + source[end:])
        assert tree is not None
        num_tried += 1
        num_caught += not parses_no_worse(tree, cursor, rest, within_s=math.inf)
    assert num_tried > 3
    assert num_caught > num_tried / 3


@pytest.mark.parametrize(
    ("language", "opening", "item", "insertion"),
    [
        ("python", "x = [", "(1, {'a': [1]}),", "(1, 2)]"),
        ("javascript", "var a=[", "{f:function(a,b){return a(b[1],'x')}},", "])"),
    ],
)
@pytest.mark.parametrize("size", [900, 4_000, 50_000])
def test_a_literal_on_one_line_is_told_at_once(
    language: str, opening: str, item: str, insertion: str, size: int
) -> None:
    text = opening + item * (size // len(item))
    tree = SyntaxTree.parse(language, text)
    assert tree is not None
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        parses_no_worse(tree, len(text), insertion)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.05


def test_a_line_that_is_too_long_is_not_judged() -> None:
    assert not judged("python", "x = [" + "1, " * 250 + "║\n", "2)")
    assert judged("python", "x = [" + "1, " * 350 + "║\n", "2)")


def test_what_takes_too_long_is_not_judged() -> None:
    before, after = "x = ", "\ny = 2\n"
    tree = SyntaxTree.parse("python", before + after)
    assert tree is not None
    assert not parses_no_worse(tree, len(before), '"abc', within_s=math.inf)
    assert parses_no_worse(tree, len(before), '"abc', within_s=0.0)


@pytest.mark.parametrize(("worked_s", "is_judged"), [(0.002, True), (0.04, False)])
def test_what_counts_is_the_work_and_not_the_wait(worked_s: float, is_judged: bool) -> None:
    """Each look at a clock moves it on: that of the wall by seconds, as on a machine that others keep busy."""
    wall, own = count(step=5.0), count(step=worked_s)
    clocks = Clocks(lambda: next(wall), lambda: next(own))
    tree = SyntaxTree.parse("python", "x = \ny = 2\n")
    assert tree is not None
    assert parses_no_worse(tree, 4, '"abc', clocks=clocks) is not is_judged


def test_who_is_strict_waits_for_no_later_line() -> None:
    text = "x = 1\n\n"
    tree = SyntaxTree.parse("python", text)
    assert tree is not None
    assert parses_no_worse(tree, 6, "values = [")
    assert not parses_no_worse(tree, 6, "values = [", is_strict=True)
    assert parses_no_worse(tree, 6, "values = [1]", is_strict=True)

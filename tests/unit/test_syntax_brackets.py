"""Which brackets are code."""

from __future__ import annotations

import random

import pytest

from glm_lsp.syntax.brackets import code_brackets
from glm_lsp.syntax.line import statement_start
from glm_lsp.syntax.scope import Scope
from glm_lsp.syntax.tree import SyntaxTree
from tests.syntax_sources import SOURCES


def brackets(language: str, text: str) -> str:
    tree = SyntaxTree.parse(language, text)
    assert tree is not None
    found = code_brackets(tree, 0, len(text))
    assert all(text[at] == character for at, character in found)
    return "".join(character for _, character in found)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "x = f(a[1], {2: '([{'})  # ({[\n", "([]{})"),
        ("python", 'x = f"{a[0]} (" + g(1)\n', "{[]}()"),
        ("python", "日 = f('é(', (1))\n", "(())"),
        ("python", "x = f(1))\n", "())"),
        ("python", "x = f((1\ny = 2\n", "(("),
        ("javascript", "let x = `(${f(a)}[`; // {\n", "{()}"),
        ("javascript", "let x = /[(]/.test(a)\n", "()"),
        ("rust", "fn f(x: &str) -> [u8; 2] { g(\"(\", '(') }\n", "()[]{()}"),
        ("java", "class A { char c = '('; /* [ */ }\n", "{}"),
        ("cpp", 'auto s = R"(()"; int a[] = {1};\n', "[]{}"),
        ("cpp", "[[nodiscard]] int operator()(int a);\n", "[[]]()()"),
    ],
)
def test_brackets_of_comments_and_strings_are_none(language: str, text: str, expected: str) -> None:
    assert brackets(language, text) == expected


@pytest.mark.parametrize("language", sorted(SOURCES))
def test_of_a_stretch_they_are_those_of_the_text_that_lie_there(language: str) -> None:
    rng, text = random.Random(language), SOURCES[language]
    for source in (text, text[: len(text) // 2], text.replace(")", "", 3)):
        tree = SyntaxTree.parse(language, source)
        assert tree is not None
        everything = code_brackets(tree, 0, len(source))
        for _ in range(50):
            start, end = sorted(rng.randrange(len(source) + 1) for _ in range(2))
            assert code_brackets(tree, start, end) == [one for one in everything if start <= one[0] < end]


@pytest.mark.parametrize("language", sorted(SOURCES))
def test_in_sound_text_their_scope_is_code(language: str) -> None:
    tree = SyntaxTree.parse(language, SOURCES[language])
    assert tree is not None
    found = code_brackets(tree, 0, len(tree.text))
    assert len(found) > 10
    for at, character in found:
        # Behind the bracket that ends code in a string one is in the string.
        assert tree.scope_at(at + (character in "([{")) is Scope.CODE


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nfoo(\n    1,\n    b[2]) :", 1),
        ("a = 1\nb = 2 {", 1),
        ("a = 1\r\nb = (')',\r\n 2) {", 1),
        ("foo(1) {", 0),
        ("a = 1\n{\nfoo {", 2),
    ],
)
def test_a_statement_starts_where_its_brackets_are_opened(text: str, line: int) -> None:
    tree = SyntaxTree.parse("javascript", text)
    assert tree is not None
    start = sum(len(one) for one in text.splitlines(keepends=True)[:line])
    assert statement_start(tree, len(text) - 1) == start

"""Which definition a cursor means, and which ones a wish for a whole file means."""

from __future__ import annotations

import pytest

from glm_lsp.completion.lines import line_end
from glm_lsp.docstring import finding
from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.finding import entity_at, find_entities, undocumented
from glm_lsp.docstring.source_tree import parse

CURSOR = "║"

PYTHON = '''\
{0}# Licence
{1}
"""About."""
{2}
{3}import os
{4}
{5}@cache{6}
def first(
    a,{7}
):
{8}    """Text.{9}

{10}    More."""
    return a  {11}# why{12}
{13}
class {14}Second:
  {15}  def inner(self): pass{16}

    {17}x = 1{18}
  {19}  def other(self):
        def deep():
            {20}pass
        return{21} 1
'''


def at(language: str, marked: str) -> str:
    text, offset = marked.replace(CURSOR, ""), marked.index(CURSOR)
    tree = parse(language, text)
    assert tree is not None
    found = entity_at(find_entities(tree), offset, text)
    return "nothing" if found is None else found.qualified_name or "module"


@pytest.mark.parametrize(
    ("number", "name"),
    [
        *((number, "module") for number in (0, 1, 2)),
        *((number, "nothing") for number in (3, 4, 13)),
        *((number, "first") for number in range(5, 13)),
        (14, "Second"),
        (15, "Second.inner"),
        (16, "Second.inner"),
        (17, "Second"),
        (18, "Second"),
        (19, "Second.other"),
        (20, "deep"),
        (21, "Second.other"),
    ],
)
def test_a_cursor_means_the_innermost(number: int, name: str) -> None:
    marks = [CURSOR if each == number else "" for each in range(22)]
    assert at("python", PYTHON.format(*marks)) == name


@pytest.mark.parametrize(
    ("language", "marked", "name"),
    [
        ("python", "║", "module"),
        ("python", "# a║", "module"),
        ("python", "║import a\n", "nothing"),
        ("python", "x = 1\n║\ndef f(): pass\n", "nothing"),
        ("python", "def f(): pass\r║def g(): pass\r", "g"),
        ("python", "def f(): pass║\r\ndef g(): pass\r\n", "f"),
        ("javascript", "/** ║A. */\nfunction f() {}\n", "f"),
        ("javascript", "║function f() {} function g() {}\n", "f"),
        ("javascript", "function f() {} function ║g() {}\n", "g"),
        ("javascript", "function f() {} function g() {} ║\n", "g"),
        ("typescript", "  ║export class A {\n}\n", "A"),
        ("go", "package a\n\n// F is║.\nfunc F() {}\n", "F"),
        ("rust", "/// A.\n  ║#[inline]\npub fn f() {}\n", "f"),
        ("java", "class A {\n  void f() {\n  }║\n}\n", "A.f"),
        ("c", "int f(void) {\n  return ║1;\n}\n", "f"),
        ("cpp", "class A {\n  void f();║\n};\n", "A.f"),
    ],
)
def test_cursors_in_all_languages(language: str, marked: str, name: str) -> None:
    assert at(language, marked).replace("::", ".") == name


def names(entities: tuple[Entity, ...]) -> list[str]:
    return [entity.qualified_name or "module" for entity in entities]


def test_what_a_whole_file_lacks() -> None:
    source = """\
def told():
    'Yes.'
def plain(): pass
def _hidden():
    def nested(): pass
@overload
def many(a: int): ...
@overload
def many(a: str): ...
def many(a): pass
@overload
def only_declared(a: int): ...
class Thing:
    @property
    def size(self): return 1
    @size.setter
    def size(self, value): pass
    @override
    def run(self): pass
    def _secret(self): pass
    def __len__(self): return 1
def broken():
    return 1 +* 2
"""
    tree = parse("python", source)
    assert tree is not None
    entities = find_entities(tree)
    # The module is left out for what is damaged in it.
    assert names(undocumented(entities)) == [
        "plain", "many", "only_declared", "Thing", "Thing.size", "Thing.__len__"
    ]  # fmt: skip


def test_a_module_is_not_meant_with_the_whole_file() -> None:
    tree = parse("python", "def f(): pass\n")
    assert tree is not None
    assert names(find_entities(tree)) == ["module", "f"]
    assert names(undocumented(find_entities(tree))) == ["f"]
    assert names(undocumented(find_entities(tree), private=True)) == ["f"]


def test_private_and_nested_ones_on_request() -> None:
    source = (
        '"""A."""\ndef _hidden():\n    def nested(): pass\nclass A:\n    "B."\n    def _secret(self): pass\n'
    )
    tree = parse("python", source)
    assert tree is not None
    assert names(undocumented(find_entities(tree))) == []
    assert names(undocumented(find_entities(tree), private=True)) == ["_hidden", "nested", "A._secret"]


@pytest.mark.parametrize("offset", [0, 30_000, 60_000])
def test_many_definitions_on_one_line_are_searched_once(monkeypatch: pytest.MonkeyPatch, offset: int) -> None:
    line = ";".join(f"function f{number}(a,b){{return a}}" for number in range(3000))
    text = f"let a\n{line}\n{line}\n"
    tree = parse("javascript", text)
    assert tree is not None
    searches: list[int] = []

    def counted(text: str, offset: int, *longest: int) -> int:
        searches.append(offset)
        return line_end(text, offset, *longest)

    monkeypatch.setattr(finding, "line_end", counted)
    found = entity_at(find_entities(tree), offset + 6, text)
    assert found is not None
    assert found.start <= offset + 6 <= found.end
    assert len(searches) <= 1

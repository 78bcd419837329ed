"""LINE or BLOCK, and that typing does not change it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.completion.mode import Mode, choose_mode
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.syntax.languages import LANGUAGES
from glm_lsp.syntax.tree import SyntaxTree


def at(marked: str, language: str = "python") -> DocumentSnapshot:
    before, after = marked.split("║")
    return DocumentSnapshot(
        uri="file:///w/a", path="a", language_id=language, version=1, text=before + after, offset=len(before)
    )


BLOCKS = [
    ("python", "def f():\n    ║"),
    ("python", "def f():\n    ║\n\n\ndef g():\n    pass\n"),
    ("python", "def f():\n\n    ║\nx = 1"),
    ("python", "def f():  # why\n    ║"),
    ("python", "class A:\r\n    def f(self):\r\n        ║\r\n    def g(self): ..."),
    ("python", "x = {\n    ║\n}"),
    ("python", "f(\n    ║\n)"),
    ("javascript", "function f() {\n  ║\n}"),
    ("javascript", "if (x) { // why\n  ║\n}"),
    ("go", "func f() {\n\t║\n}"),
    ("go", "func f() {\n\t║}"),
    ("rust", "let x = [\n    ║"),
    ("lua", "if x then\n  ║\nend"),
    ("shellscript", "for f in *; do\n  ║\ndone"),
    ("ruby", "list.each do\n  ║\nend"),
]
LINES = [
    ("python", "║"),
    ("python", "x = 1\n║"),
    ("python", "def f(║"),
    ("python", "def f():\n    ║\n    return 1"),
    ("python", "def f():\n    x = 1\n    ║"),
    ("python", "# note:\n║"),
    ("c", "label:\n║"),
    ("yaml", "key:\n  ║"),
    ("javascript", "function f() {\n  ║\n  return 1;\n}"),
    ("javascript", "// like so: {\n║"),
    ("python", "for x in y do\n  ║"),
]


@pytest.mark.parametrize(("language", "marked"), BLOCKS)
def test_block(language: str, marked: str) -> None:
    assert choose_mode(at(marked, language)) is Mode.BLOCK


@pytest.mark.parametrize(("language", "marked"), LINES)
def test_line(language: str, marked: str) -> None:
    assert choose_mode(at(marked, language)) is Mode.LINE


@pytest.mark.parametrize(("language", "marked"), BLOCKS + LINES)
@given(typed=st.text(st.characters(exclude_characters="\r\n"), max_size=20))
@settings(max_examples=25, deadline=None)
def test_no_key_typed_on_the_line_changes_the_mode(language: str, marked: str, typed: str) -> None:
    typed = typed.replace("║", "")
    assert choose_mode(at(marked.replace("║", f"{typed}║"), language)) is choose_mode(at(marked, language))


# What the lines alone do not tell.
TREE_BLOCKS = [
    ("python", "if a:\n    b()\nelse :  # why\n    ║"),
    ("python", "if a:#why\n    ║"),
    ("python", 'if a == "#:":\n    ║'),
    ("python", "def f(\n        a,\n        b=(1, 2),\n        ):\n    ║\n\nx = 1\n"),
    ("python", "match x:\n    case [1, *_]:\n        ║"),
    ("javascript", "const f = (a) => {\n  ║\n};"),
    ("javascript", "f({ a: b }, () => { /* why */\n  ║\n});"),
    ("typescript", "switch (x) {\n  case 'a':\n    ║\n}"),
    ("typescriptreact", "const f = () => {\n  ║\n}"),
    ("go", "switch x {\n║\n}"),
    ("go", "switch x {\ncase a[1], 2:\n\t║\ndefault:\n}"),
    ("rust", "match x {\n    Some(y) => {\n        ║\n    }\n}"),
    ("java", "switch (x) {\n    case 1: // why\n        ║\n}"),
    ("c", "switch (x) {\ncase 1:\n    ║\n}"),
    ("cpp", "class A {\npublic:\n    ║\n};"),
]
TREE_LINES = [
    ("python", 'def f():\n    """Does this:\n    ║\n    """\n'),
    ("python", 'def f():\n    """Does this:\n    ║'),
    ("python", 'x = """\nif a:\n    ║\n"""\n'),
    ("python", "x = f({\n    'a':\n        ║\n})"),
    ("python", "def f(\n        a,\n        b,\n        ):\n    ║\n    return 1\n"),
    ("python", 'x = "a:\n║'),
    ("javascript", "/* like so: {\n ║\n*/"),
    ("javascript", "f(`a {\n  ║`)"),
    ("javascript", "const a = {\n  b:\n    ║\n}"),
    ("go", "// case x:\n║"),
    ("rust", "/* fn f() {\n║\n*/"),
    ("java", "/**\n * Like this: {\n ║\n */"),
    ("c", "again:\n║"),
    ("c", "void f(int a,\n        int b) {\n    ║\n    g();\n}"),
    ("cpp", "case_of:\n║"),
]


def parsed(snapshot: DocumentSnapshot) -> SyntaxTree:
    tree = SyntaxTree.parse(snapshot.language_id, snapshot.text)
    assert tree is not None
    return tree


@pytest.mark.parametrize(
    ("language", "marked"), [mark for mark in BLOCKS if mark[0] in LANGUAGES] + TREE_BLOCKS
)
def test_block_by_the_tree(language: str, marked: str) -> None:
    snapshot = at(marked, language)
    assert choose_mode(snapshot, parsed(snapshot)) is Mode.BLOCK


@pytest.mark.parametrize(
    ("language", "marked"), [mark for mark in LINES if mark[0] in LANGUAGES] + TREE_LINES
)
def test_line_by_the_tree(language: str, marked: str) -> None:
    snapshot = at(marked, language)
    assert choose_mode(snapshot, parsed(snapshot)) is Mode.LINE


@pytest.mark.parametrize(
    ("language", "marked"),
    [mark for mark in BLOCKS + LINES if mark[0] in LANGUAGES] + TREE_BLOCKS + TREE_LINES,
)
@pytest.mark.parametrize("typed", ['"""', "/* (", "return f(`a${", "}) {", "# :", "'x' else:", 'r#"', "{[("])
def test_no_key_typed_on_the_line_changes_the_mode_by_the_tree(
    language: str, marked: str, typed: str
) -> None:
    expected = choose_mode(at(marked, language), parsed(at(marked, language)))
    tree: SyntaxTree | None = parsed(at(marked, language))
    for end in range(1, len(typed) + 1):
        snapshot = at(marked.replace("║", f"{typed[:end]}║"), language)
        assert choose_mode(snapshot, parsed(snapshot)) is expected
        assert tree is not None
        tree = tree.edited(snapshot.text)
        assert choose_mode(snapshot, tree) is expected


def test_without_a_grammar_the_lines_tell() -> None:
    snapshot = at("if x then\n  ║\nend", "lua")
    assert SyntaxTree.parse("lua", snapshot.text) is None
    assert choose_mode(snapshot, None) is Mode.BLOCK


@given(st.text(max_size=80), st.text(max_size=80), st.sampled_from(["python", "ruby", ""]))
@settings(deadline=None)
def test_nothing_raises(before: str, after: str, language: str) -> None:
    snapshot = DocumentSnapshot(
        uri="", path="", language_id=language, version=1, text=before + after, offset=len(before)
    )
    assert choose_mode(snapshot) in Mode
    assert choose_mode(snapshot, SyntaxTree.parse(language, snapshot.text)) in Mode

"""LINE or BLOCK, and that typing does not change it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.completion.mode import Mode, choose_mode
from glm_lsp.completion.snapshot import DocumentSnapshot


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


@given(st.text(max_size=80), st.text(max_size=80), st.sampled_from(["python", "ruby", ""]))
@settings(deadline=None)
def test_nothing_raises(before: str, after: str, language: str) -> None:
    snapshot = DocumentSnapshot(
        uri="", path="", language_id=language, version=1, text=before + after, offset=len(before)
    )
    assert choose_mode(snapshot) in Mode

"""Sentences find their places, and lines their width."""

from __future__ import annotations

import pytest

from glm_lsp.docstring.edit import TextInsertion, inserted, line_break_of
from glm_lsp.docstring.entity import Place
from glm_lsp.docstring.plan import Insertion
from glm_lsp.docstring.skeleton import Skeleton, Slot, SlotKind

SUMMARY = Slot(kind=SlotKind.SUMMARY)
PATH = Slot(kind=SlotKind.PARAMETER, name="path", hang="        ")
DOCSTRING = Skeleton(('"""', SUMMARY, "\n\nArgs:\n    path: ", PATH, '\n"""'))
SHORT = Skeleton(('"""', SUMMARY, '\n"""'), ('"""', SUMMARY, '"""'))
BLOCK = Skeleton(("/**\n * ", Slot(kind=SlotKind.SUMMARY, hang=" * "), "\n */"))


def test_slots_are_filled_in_order() -> None:
    assert DOCSTRING.slots == (SUMMARY, PATH)
    assert DOCSTRING.text(["Read it.", "Where."], "", 80) == '"""Read it.\n\nArgs:\n    path: Where.\n"""'


def test_indentation_goes_before_every_line_but_the_first_and_blank_ones() -> None:
    assert DOCSTRING.text(["A.", "B."], "\t", 80) == '"""A.\n\n\tArgs:\n\t    path: B.\n\t"""'


def test_what_stands_before_a_slot() -> None:
    assert DOCSTRING.before(0, [], "  ", 80) == '"""'
    assert DOCSTRING.before(1, ["A."], "  ", 80) == '"""A.\n\n  Args:\n      path: '


@pytest.mark.parametrize(
    ("sentence", "indent", "width", "text"),
    [
        ("One two.", "", 14, '"""One two."""'),
        ("One two.", "", 13, '"""One two.\n"""'),
        ("One two.", "    ", 18, '"""One two."""'),
        ("One two.", "    ", 17, '"""One two.\n    """'),
    ],
)
def test_one_line_where_it_fits(sentence: str, indent: str, width: int, text: str) -> None:
    assert SHORT.text([sentence], indent, width) == text


def test_long_sentences_are_wrapped_behind_the_mark() -> None:
    sentence = " ".join(["seven77"] * 14)
    lines = BLOCK.text([sentence], "    ", 60).split("\n")
    assert lines[0] == "/**"
    assert lines[-1] == "     */"
    assert all(line.startswith("     * seven77") and len(line) <= 60 for line in lines[1:-1])
    assert " ".join(line.removeprefix("     * ") for line in lines[1:-1]) == sentence


def test_the_first_line_counts_what_is_on_it_already() -> None:
    lines = DOCSTRING.text(["A.", "word " * 20], "", 50).split("\n")
    assert max(map(len, lines)) <= 50
    assert lines[3].startswith("    path: word")
    assert lines[4].startswith("        word")


def test_words_are_never_broken() -> None:
    word = "x" * 100
    assert word in BLOCK.text([f"a {word} b-c"], "", 50)


def test_deep_indentation_leaves_some_room() -> None:
    text = BLOCK.text(["one two three four"], " " * 200, 80)
    assert "one two three four" in text


def test_an_insertion_has_line_breaks_of_its_place() -> None:
    insertion = Insertion(Place(4, "  ", before="\n  ", after="\n"), SHORT)
    assert insertion.text(["Do."], 80) == '\n  """Do."""\n'
    assert insertion.before(0, [], 80) == '\n  """'


def test_texts_are_put_in_by_offset() -> None:
    assert inserted("abc", [TextInsertion(3, "!"), TextInsertion(1, "_"), TextInsertion(0, "<")]) == "<a_bc!"
    assert inserted("", [TextInsertion(0, "x")]) == "x"
    assert inserted("abc", []) == "abc"


@pytest.mark.parametrize(
    ("text", "line_break"),
    [("a\nb\r\n", "\n"), ("a\r\nb\n", "\r\n"), ("a\rb\r", "\r"), ("a", "\n"), ("", "\n"), ("\nb\r\n", "\n")],
)
def test_the_line_break_of_a_document(text: str, line_break: str) -> None:
    assert line_break_of(text) == line_break

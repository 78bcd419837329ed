"""Once everything in a document has its comment nothing is left to be written, whatever was there before."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.detection import NoSurroundings
from glm_lsp.docstring.dialect import Style
from glm_lsp.docstring.edit import TextInsertion, inserted
from glm_lsp.docstring.proposal import Source
from glm_lsp.docstring.words.short_form import short_form

_HEADS = {
    "javascript": ("", "export function {}({{ a = 1 }}, ...b) {{ return a; }}\n"),
    "typescript": ("", "export function {}<T>(a: T, b = 1): T {{ throw new RangeError(); }}\n"),
    "go": ("package p\n\n", "func {}(a int) error {{ return nil }}\n"),
    "rust": ("", "pub unsafe fn {}(a: u8) -> Result<u8, E> {{ panic!() }}\n"),
    "java": ("", "record {}<T>(T a, int... b) {{ }}\n"),
    "c": ("", "int {}(int a, const char *b);\n"),
    "cpp": ("", "template <class T> T {}(T a, int b = 1) {{ throw X(); }}\n"),
}
_PROSE = ["Sends it.", "Sends it.\n\nAnd waits.", "A thing"]
_TAGGED = ["Sends it.\n\n@param a what", "Sends it.\n\n@param a what\n@return how far", "@return how far"]
_GO = ["Sends it.", "It is.\n\nAnd more."]
_RUST = [*_GO, "Sends it.\n\n# Errors\n\nIf not.", "Sends it.\n\n# Arguments\n\n* `a` - what"]
_SAID = {"go": _GO, "rust": _RUST}
_LINES = {"go": "// ", "rust": "/// "}


def _commented(language_id: str, said: str) -> str:
    mark = _LINES.get(language_id)
    if mark is None:
        return "\n".join(["/**", *(f" * {line}".rstrip() for line in said.split("\n")), " */", ""])
    return "".join(f"{mark}{line}".rstrip() + "\n" for line in said.split("\n"))


def _run(language_id: str, text: str, forced: Style | None = None) -> tuple[Source, str]:
    """The document, and what becomes of it once all is written."""
    snapshot = DocumentSnapshot(
        uri="file:///a", path="a", language_id=language_id, version=0, text=text, offset=0
    )
    source = Source.of(snapshot, NoSurroundings(), forced)
    insertions = []
    for entity in source.entities:
        plan = source.plan(entity)
        for insertion in plan.insertions if plan else ():
            words = [short_form(slot, entity, source.dialect) for slot in insertion.skeleton.slots]
            put_in = insertion.text(words, source.dialect.width)
            insertions.append(TextInsertion(insertion.place.offset, put_in))
    return source, inserted(text, sorted(insertions, key=lambda each: each.offset))


@pytest.mark.parametrize("language_id", list(_HEADS))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_second_run_has_nothing_to_do(language_id: str, data: st.DataObject) -> None:
    start, head = _HEADS[language_id]
    said = _SAID.get(language_id, _PROSE + _TAGGED)
    comments = data.draw(st.lists(st.none() | st.sampled_from(said) | st.sampled_from(said[:2]), max_size=12))
    definitions = [
        (_commented(language_id, words) if words else "") + head.format(f"F{number}")
        for number, words in enumerate(comments)
    ]
    before = start + "\n".join(definitions)
    first, after = _run(language_id, before)
    second, again = _run(language_id, after)
    assert again == after
    assert second.dialect.style is first.dialect.style


@pytest.mark.parametrize("num_prose", [3, 9])
def test_where_signatures_are_told_in_prose_new_comments_are_prose(num_prose: int) -> None:
    prose = [
        _commented("java", "Sends it.") + f"record A{number}(int a) {{ }}\n" for number in range(num_prose)
    ]
    before = "\n".join([*prose, "record B(int a) { }\n"])
    _, after = _run("java", before)
    assert "@param" not in after
    assert after.count("/**") == num_prose + 1
    assert "@param" in _run("java", before, Style.JAVADOC)[1]

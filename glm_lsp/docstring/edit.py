"""Edits that only insert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class TextInsertion:
    """A text, and the offset in code points before which it is put in."""

    offset: int
    text: str


def inserted(text: str, insertions: Sequence[TextInsertion]) -> str:
    """The text with everything put in; offsets count in the text as it was."""
    pieces, at = [], 0
    for insertion in sorted(insertions, key=lambda each: each.offset):
        pieces += [text[at : insertion.offset], insertion.text]
        at = insertion.offset
    return "".join([*pieces, text[at:]])


def line_break_of(text: str) -> str:
    """The line break of a document: that of its first line."""
    first = text.find("\n")
    if first > 0 and text[first - 1] == "\r":
        return "\r\n"
    return "\r" if first < 0 and "\r" in text else "\n"

"""Where a person is writing, and how large a piece for that place may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from glm_lsp.references.candidate import Kind, Verdict
from glm_lsp.references.chunk import MAX_LINES
from glm_lsp.references.similarity import words

LINES_BEFORE = 32
LINES_AFTER = 16
_CHARS_PER_LINE = 36
_SMALLEST_LINES = 8
_SMALLEST_CHARS = 240

Refused = Callable[[str, Kind, Verdict], None]
"""Is told of a file that may not be shown: its path, what it would have been used for, and why it is not."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A cursor in a document: `near` are the words around it."""

    file: str
    language_id: str
    text: str
    near: frozenset[str]

    @classmethod
    def of(cls, file: str, language_id: str, text: str, line: int) -> Spot:
        """The words of 32 lines before `line` (from 0) and 16 after it are near."""
        lines = text.split("\n")
        around = lines[max(0, line - LINES_BEFORE) : line + LINES_AFTER + 1]
        return cls(file, language_id, text, words("\n".join(around)))


@dataclass(frozen=True, slots=True)
class PieceSize:
    """At most so much of one file."""

    num_lines: int
    max_chars: int

    @classmethod
    def for_budget(cls, max_chars: int) -> PieceSize:
        """A third of a budget for all pieces, so that there may be several; up to 64 lines."""
        third = max(_SMALLEST_CHARS, max_chars // 3)
        return cls(min(MAX_LINES, max(_SMALLEST_LINES, third // _CHARS_PER_LINE)), third)

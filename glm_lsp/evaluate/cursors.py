"""Random places where somebody might stop typing and look up.

The shares are those of the training examples, written down here once more: a measure must stay as it is when
training changes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from glm_lsp.completion.lines import line_end, next_line_start
from glm_lsp.errors import InputError
from glm_lsp.evaluate.held_out import HeldOutFile


class CursorKind(StrEnum):
    """What stands left of the cursor."""

    AFTER_INDENT = "after_indent"
    AFTER_DOT = "after_dot"
    AFTER_BRACKET = "after_bracket_or_comma"
    AFTER_OPERATOR = "after_operator"
    INSIDE_IDENTIFIER = "inside_identifier"
    ANYWHERE = "anywhere"


SHARES = {
    CursorKind.AFTER_INDENT: 0.30,
    CursorKind.AFTER_DOT: 0.15,
    CursorKind.AFTER_BRACKET: 0.15,
    CursorKind.AFTER_OPERATOR: 0.10,
    CursorKind.INSIDE_IDENTIFIER: 0.15,
    CursorKind.ANYWHERE: 0.15,
}

_PLACES = {
    CursorKind.AFTER_INDENT: re.compile(r"^[ \t]*(?=\S)"),
    CursorKind.AFTER_DOT: re.compile(r"(?<=\w\.)(?=\w)"),
    CursorKind.AFTER_BRACKET: re.compile(r"(?<=[(,\[])(?=[^\s)\]])|(?<=, )(?=\S)"),
    CursorKind.AFTER_OPERATOR: re.compile(r"(?<=[=+\-*/<>%:] )(?=\S)"),
    CursorKind.INSIDE_IDENTIFIER: re.compile(r"(?<=\w)(?=\w)"),
    CursorKind.ANYWHERE: re.compile(r"(?<=\S)(?=.*\S)|(?<= )(?=\S)"),
}
_TRIES = 200


@dataclass(frozen=True, slots=True)
class Place:
    """One cursor: `text[start:end]` is the rest of its line, which holds more than blanks."""

    file: HeldOutFile
    kind: CursorKind
    start: int
    end: int

    @property
    def suffix_start(self) -> int:
        """Where the next line begins."""
        return next_line_start(self.file.text, self.end)


def draw(files: Sequence[HeldOutFile], count: int, seed: int) -> Iterator[Place]:
    """Cursors by a fixed seed: every file, and in it every line that is not blank, is as likely as any other.

    Kinds that hardly occur in the files are left to the others.

    Raises:
        InputError: the files have no place for a cursor.
    """
    rng = random.Random(seed)
    lines = [found for file in files if (found := [(file, start) for start in line_starts(file.text)])]
    shares = dict(SHARES)
    while count > 0 and shares:
        kind = rng.choices(list(shares), list(shares.values()))[0]
        tries = (_place(*rng.choice(rng.choice(lines)), kind, rng) for _ in range(_TRIES if lines else 0))
        if place := next(filter(None, tries), None):
            count -= 1
            yield place
        else:
            del shares[kind]
    if count > 0:
        raise InputError("the files have no line to complete", "Name others with --files.")


def _place(file: HeldOutFile, start: int, kind: CursorKind, rng: random.Random) -> Place | None:
    end = line_end(file.text, start)
    places = [found.end() for found in _PLACES[kind].finditer(file.text[start:end])]
    columns = [column for column in places if file.text[start + column : end].strip()]
    return Place(file, kind, start + rng.choice(columns), end) if columns else None


def line_starts(text: str) -> list[int]:
    """Where each line begins that is not blank."""
    starts = []
    at = 0
    while at < len(text):
        if text[at : line_end(text, at)].strip():
            starts.append(at)
        at = next_line_start(text, at)
    return starts

"""What is typed: lines of the program's own keystroke trace, one place of each file."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from glm_lsp.bench.trace.trace import Edit, Key, TraceFile, own_trace

_SHORTEST = 12


@dataclass(frozen=True)
class Passage:
    """A line that somebody writes.

    Attributes:
        name: of the file.
        text: the file before it.
        line: where the cursor is, from 1; at the end of this line.
        column: characters before the cursor.
        keys: the characters.
    """

    name: str
    text: str
    line: int
    column: int
    keys: str


def passages(number: int) -> list[Passage]:
    """The first so many of the trace, each of another file: no file says what is missing in another."""
    trace = own_trace()
    found: dict[int, Passage] = {}
    for edit in trace.edits:
        keys = _first_line(edit)
        file = trace.files[edit.file]
        if edit.file not in found and len(keys) >= _SHORTEST and _is_at_end_of_line(file, edit):
            found[edit.file] = _passage(len(found), file, edit.offset, keys)
    return list(found.values())[:number]


def _first_line(edit: Edit) -> str:
    right = [event.text for event in edit.events if isinstance(event, Key)]
    return "".join(takewhile(lambda text: len(text) == 1 and text.isprintable(), right))


def _is_at_end_of_line(file: TraceFile, edit: Edit) -> bool:
    return not edit.wrong and file.text[edit.offset : edit.offset + 1] in ("", "\n")


def _passage(number: int, file: TraceFile, offset: int, keys: str) -> Passage:
    before = file.text[:offset]
    name = f"{number:02}_{file.path.rpartition('/')[2]}"
    column = len(before.rpartition("\n")[2])
    return Passage(name, file.text, before.count("\n") + 1, column, keys)

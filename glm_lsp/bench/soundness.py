"""What no suggestion may do, told from the item and the editor's own text alone."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from glm_lsp.completion.lines import line_after, line_end, line_start


class Fault(StrEnum):
    """`changes_text`: taking it does something else than adding text at the cursor. `repeats_rest`: it ends with what
    stands right of the cursor. `repeats_below`: its last line, which has more than brackets, is the next one below."""

    CHANGES_TEXT = "changes_text"
    REPEATS_REST = "repeats_rest"
    REPEATS_BELOW = "repeats_below"


def faults(text: str, cursor: int, start: int, end: int, item: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with an item.

    Args:
        text: the document.
        cursor: offset of the cursor in it.
        start, end: offsets of what the item replaces.
        item: an `InlineCompletionItem`.
    """
    after = text[:start] + item["insertText"] + text[end:]
    is_insertion = (
        start <= cursor <= end and after.startswith(text[:cursor]) and after.endswith(text[cursor:])
    )
    if not is_insertion or len(after) < len(text):
        return [Fault.CHANGES_TEXT]
    hint = after[cursor : len(after) - len(text[cursor:])]
    rest = text[cursor : line_end(text, cursor)].strip()
    found = []
    lead = text[line_start(text, cursor) : cursor]
    if rest and _closes_again(lead, hint, rest):
        found.append(Fault.REPEATS_REST)
    last = f"{lead}{hint}".rpartition("\n")[2].strip()
    if not rest and any(char.isalnum() for char in last) and last == line_after(text, cursor).strip():
        found.append(Fault.REPEATS_BELOW)
    return found


def _closes_again(lead: str, hint: str, rest: str) -> bool:
    """Whether a hint ends with the rest of the line although there are not brackets enough for both to close."""
    if not hint.rstrip().endswith(rest):
        return False
    own = lead + hint.rstrip()[: -len(rest)]
    opened = sum(own.count(char) for char in "([{") - sum(own.count(char) for char in ")]}")
    closers = sum(rest.count(char) for char in ")]}")
    return opened < 2 * closers or not closers

"""Documentation with its sentences still missing: fixed text from the parse, and slots for the model.

Lines are kept without the indentation of the code around; it is added when the text is made.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

_LEAST_WIDTH = 40
"""Columns that prose gets, however deep it is indented."""


class SlotKind(Enum):
    """What a missing sentence is about."""

    SUMMARY = auto()
    PARAMETER = auto()
    TYPE_PARAMETER = auto()
    RETURNS = auto()
    YIELDS = auto()
    RAISES = auto()
    """When an exception is raised, or what makes a Rust function fail."""
    PANICS = auto()
    SAFETY = auto()
    ATTRIBUTE = auto()
    COMMENT = auto()
    """What a block of statements does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A missing sentence.

    Attributes:
        name: the parameter, exception or attribute; of a comment what the parse can say of the block; empty for others.
        hang: what further lines of it begin with: the comment's mark and a hanging indent.
        lead: words in front that it goes on from, as Go's summaries begin with the name; in the text already.
        capital, full_stop: how it begins and ends.
    """

    kind: SlotKind
    name: str = ""
    hang: str = ""
    lead: str = ""
    capital: bool = True
    full_stop: bool = True


Part = str | Slot


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Text and slots in order.

    Attributes:
        parts: may hold line breaks (\\n), each followed by the comment's mark where there is one.
        one_line: what is taken instead if the outcome fits on one line; the same slots in the same order.
    """

    parts: tuple[Part, ...]
    one_line: tuple[Part, ...] | None = None

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The missing sentences, in order."""
        return tuple(part for part in self.parts if isinstance(part, Slot))

    def before(self, number: int, sentences: Sequence[str], indent: str, width: int) -> str:
        """The text up to the slot of that number, counted from 0, with the sentences of those before it."""
        return _joined(_until(self.parts, number), sentences, indent, width)

    def text(self, sentences: Sequence[str], indent: str, width: int) -> str:
        """The whole, with a sentence for each slot.

        Args:
            sentences: each on one line; it is wrapped here.
            indent: blanks that every line but the first begins with.
            width: columns of the longest line, indentation counted in; words are not broken.
        """
        if self.one_line is not None:
            # Wide enough for anything, so that nothing is wrapped.
            line = _joined(self.one_line, sentences, "", sum(map(len, sentences)) + width)
            if "\n" not in line and len(indent) + len(line) <= width:
                return line
        return _joined(self.parts, sentences, indent, width)


def _until(parts: Sequence[Part], number: int) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, Slot):
            if number == 0:
                return
            number -= 1
        yield part


def _joined(parts: Iterator[Part] | Sequence[Part], sentences: Sequence[str], indent: str, width: int) -> str:
    room = max(width - len(indent.expandtabs(4)), _LEAST_WIDTH)
    remaining = iter(sentences)
    text = ""
    for part in parts:
        text += part if isinstance(part, str) else _wrapped(next(remaining), part, text, room)
    first, *more = text.split("\n")
    *others, last = [first, *(indent + line if line.strip() else "" for line in more)]
    # A sentence may be about to follow the blanks at the end of the last line.
    return "\n".join([*(line.rstrip() for line in others), last])


def _wrapped(sentence: str, slot: Slot, before: str, room: int) -> str:
    # Stands for what is on the line already and for the hang, in columns, and is taken off again.
    column = "\0" * len(before.rpartition("\n")[2].expandtabs(4))
    lines = textwrap.wrap(
        sentence,
        width=room,
        initial_indent=column,
        subsequent_indent="\0" * len(slot.hang.expandtabs(4)),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return f"\n{slot.hang}".join(line.lstrip("\0") for line in lines)

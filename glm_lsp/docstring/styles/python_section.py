"""What a part of a Python docstring lists, in whichever style."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from glm_lsp.docstring.styles.python_string import Line

LONGEST_LINE = 500
"""Characters of a line that are looked at, so that no line can take long."""
_NAME = re.compile(r"[^\W\d]\w*(?:\.\w+)*")


class SectionKind(Enum):
    """What a section is about, in the order in which sections stand."""

    PARAMETERS = auto()
    ATTRIBUTES = auto()
    RETURNS = auto()
    YIELDS = auto()
    RAISES = auto()
    OTHER = auto()


LISTING = frozenset([SectionKind.PARAMETERS, SectionKind.ATTRIBUTES, SectionKind.RAISES])
"""Kinds with an entry for each of several names."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One or more names and what is said of them.

    Attributes:
        names: without marks; none in what is not listed by name.
        first, last: numbers of its lines, the last included.
        has_type: whether it gives a type.
        text: the description, on one line.
    """

    names: tuple[str, ...]
    first: int
    last: int
    has_type: bool
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """Lines about one thing.

    Attributes:
        heading: as it is written; of Sphinx's fields the name of the first.
        first, last: numbers of its lines, blank ones at the end left out.
        entries: in order.
        indent: blanks before its entries.
        is_readable: whether it looks like entries; others are not touched.
        is_laid_out: whether its heading stands as the style has it; else it tells nothing of that.
    """

    kind: SectionKind
    heading: str
    first: int
    last: int
    entries: tuple[Entry, ...] = ()
    indent: str = ""
    is_readable: bool = True
    is_laid_out: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """All that it lists."""
        return tuple(name for entry in self.entries for name in entry.names)

    @property
    def weight(self) -> int:
        """How much it tells of a docstring's style."""
        return max(len(self.entries), 1) if self.is_laid_out and self.kind is not SectionKind.OTHER else 0


def names_in(source: str) -> tuple[str, ...]:
    """Names written side by side, without stars, quotes and roles."""
    return tuple(_NAME.findall(re.sub(r":[\w:]+:(?=`)", "", source)))


def last_text(lines: Sequence[Line], first: int, end: int) -> int:
    """The number of the last line with text from `first` on and before `end`; `first` if there is none."""
    return max((number for number in range(first, end) if lines[number].text), default=first)


def description(lines: Sequence[Line], head: str, first: int, last: int) -> str:
    """A text that begins with `head` on line `first` and goes on, on one line."""
    return " ".join(part for part in (head.strip(), *(x.text for x in lines[first + 1 : last + 1])) if part)

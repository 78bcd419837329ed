"""Indentation: how deep a line lies, and which style a document uses."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from itertools import pairwise

TAB = "\t"
_TAB_WIDTH = 4
_WIDTHS = (2, 3, 4, 8)


def leading_space(line: str) -> str:
    """The spaces and tabs a line begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def indent_width(line: str) -> int:
    """Columns of leading white space; tabs reach to the next multiple of four."""
    return len(leading_space(line).expandtabs(_TAB_WIDTH))


@lru_cache(maxsize=2)
def indent_unit(text: str) -> str:
    """One step of indentation as a document writes it: a tab or some spaces; empty when it shows none.

    Spaces are told by the most frequent difference between neighbouring lines; a difference of one is not a
    step (the stars of a block comment). Remembers the last texts: several filters ask about the same one.
    """
    leads = [leading_space(line) for line in text.split("\n") if line.strip()]
    indented = [lead for lead in leads if lead]
    if not indented:
        return ""
    if sum(lead[0] == TAB for lead in indented) * 2 > len(indented):
        return TAB
    steps = Counter(abs(len(a) - len(b)) for a, b in pairwise(leads))
    width, count = max(((width, steps[width]) for width in _WIDTHS), key=lambda step: step[1])
    return " " * width if count else ""


def convert_indent(line: str, unit: str, width: int) -> str:
    """The line with its indentation written in `unit`; `width` is the columns of one step in `line` itself.

    What is left over of a step stays spaces: it aligns, it does not indent.
    """
    lead = leading_space(line)
    if (" " if unit == TAB else TAB) not in lead:
        return line
    depth, rest = divmod(len(lead.expandtabs(width)), width)
    return unit * depth + " " * rest + line[len(lead) :]

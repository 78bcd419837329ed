"""The string literal that is a Python docstring: its quotes and its lines, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile

_OPENING = re.compile(r"[rRuU]?(?P<quotes>\"\"\"|'''|\"|')")
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_BLANKS = " \t\f"


@dataclass(frozen=True, slots=True)
class Line:
    """One line between the quotes.

    Attributes:
        start: where its text begins, blanks skipped, in the literal; of a blank line its end.
        end: where it ends, before its line break or the closing quotes.
        indent: blanks in front; of the first line the literal's margin.
        text: without blanks around.
    """

    start: int
    end: int
    indent: str
    text: str


@dataclass(frozen=True, slots=True)
class PythonString:
    """One literal.

    Attributes:
        opening: prefix and quotes.
        margin: blanks that all its lines but the first have in common.
        lines: at least one.
    """

    opening: str
    margin: str
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, text: str, indent: str = "") -> PythonString | None:
        """The literal with this source; None for several side by side, bytes and formatted strings.

        Args:
            indent: taken for the margin where there is only one line of text.
        """
        opening = _OPENING.match(text)
        if opening is None:
            return None
        quotes, start = opening["quotes"], opening.end()
        end = len(text) - len(quotes)
        closing = re.compile(rf"\\.|(?P<quotes>{quotes})", re.DOTALL)
        closings = (found.start() for found in closing.finditer(text, start) if found["quotes"])
        if next(closings, -1) != end:
            return None
        spans, at = [], start
        for line_break in _LINE_BREAK.finditer(text, start, end):
            spans.append((at, line_break.start()))
            at = line_break.end()
        spans.append((at, end))
        indents = [_indent(text[a:b]) for a, b in spans[1:] if text[a:b].strip()]
        margin = _common(indents) if indents else indent
        lines = tuple(_line(text, *span, margin if span == spans[0] else None) for span in spans)
        return cls(opening[0], margin, lines)

    @property
    def takes_lines(self) -> bool:
        """Whether there may be line breaks between its quotes."""
        return len(self.quotes) > 1

    @property
    def quotes(self) -> str:
        """Without a prefix."""
        return self.opening.lstrip("rRuU")

    @property
    def is_raw(self) -> bool:
        """Whether a backslash is a backslash."""
        return self.opening[0] in "rR"

    @property
    def texts(self) -> tuple[str, ...]:
        """The lines that are not blank; a backslash that joins the first line to the next is none."""
        return tuple(line.text for line in self.lines if line.text not in ("", "\\"))


def _common(indents: list[str]) -> str:
    first, last = min(indents), max(indents)
    same = (a == b for a, b in zip(first, last, strict=False))
    return first[: sum(takewhile(bool, same))]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(_BLANKS))]


def _line(text: str, start: int, end: int, margin: str | None) -> Line:
    source = text[start:end]
    indent = _indent(source)
    return Line(start + len(indent), end, indent if margin is None else margin, source.strip())

"""Reads sections like `Args:` with indented entries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from glm_lsp.docstring.styles.python_section import (
    LISTING,
    LONGEST_LINE,
    Entry,
    Section,
    SectionKind,
    description,
    last_text,
    names_in,
)
from glm_lsp.docstring.styles.python_string import Line

_KINDS = {
    SectionKind.PARAMETERS: (
        "Args", "Arguments", "Parameters", "Params", "Keyword Args", "Keyword Arguments", "Other Parameters",
    ),
    SectionKind.ATTRIBUTES: ("Attributes", "Class Attributes"),
    SectionKind.RETURNS: ("Returns", "Return"),
    SectionKind.YIELDS: ("Yields", "Yield"),
    SectionKind.RAISES: ("Raises", "Raise", "Exceptions", "Except"),
    SectionKind.OTHER: (
        "Example", "Examples", "Note", "Notes", "See Also", "Todo", "References", "Warning", "Warnings", "Warns",
        "Usage", "Methods",
    ),
}  # fmt: skip
_KIND_OF = {title: kind for kind, titles in _KINDS.items() for title in titles}
_HEADING = re.compile(rf"(?P<title>{'|'.join(_KIND_OF)}):(?P<text>(?:\s.*)?)")
_NAME = r"(?::\w+:)?[`'\"~]{0,3}(?:\\?\*){0,2}[^\W\d][\w.]*[`'\"]{0,2}"
_ENTRY = re.compile(
    rf"(?:[-+*]\s)?(?P<names>{_NAME}(?:\s?(?:,|/|\|)\s?{_NAME})*)"
    r"\s?(?P<type>\(.*?\)|\[.*?\])?\s?(?::(?!:)|-{1,2}\s|[–—])(?P<text>.*)"
)


def sections(lines: Sequence[Line]) -> Iterator[Section]:
    """All sections in order, those with nothing in them left out."""
    paragraph_ends = _paragraph_ends(lines)
    for number, line in enumerate(lines):
        heading = _HEADING.fullmatch(line.text[:LONGEST_LINE])
        if heading is None:
            continue
        kind = _KIND_OF[heading["title"]]
        end = _end(lines, number)
        body = [each for each in range(number + 1, end) if lines[each].text]
        if heading["text"].strip():
            if kind is not SectionKind.OTHER:
                last = last_text(lines, number, end)
                yield Section(kind, heading["title"], number, last, is_readable=False, is_laid_out=False)
        elif body:
            yield _section(lines, kind, heading["title"], number, body)
        elif number + 1 < len(lines) and lines[number + 1].text:
            # Its entries are no deeper than itself.
            yield Section(
                kind, heading["title"], number, paragraph_ends[number], is_readable=False, is_laid_out=False
            )


def _paragraph_ends(lines: Sequence[Line]) -> list[int]:
    """Of each line the last one before the next blank line."""
    ends = list(range(len(lines)))
    for number in reversed(range(len(lines) - 1)):
        if lines[number + 1].text:
            ends[number] = ends[number + 1]
    return ends


def _end(lines: Sequence[Line], first: int) -> int:
    """The first line with text behind a heading that is no deeper than it."""
    depth = _depth(lines[first])
    return next(
        (n for n in range(first + 1, len(lines)) if lines[n].text and _depth(lines[n]) <= depth), len(lines)
    )


def _depth(line: Line) -> int:
    return len(line.indent.expandtabs(8))


def _section(lines: Sequence[Line], kind: SectionKind, title: str, first: int, body: list[int]) -> Section:
    indent, last = lines[body[0]].indent, body[-1]
    if kind not in LISTING:
        text = description(lines, "", first, last)
        has_type = kind is not SectionKind.OTHER and _gives_type(lines[body[0]].text)
        entries: tuple[Entry, ...] = (Entry((), body[0], last, has_type, text),)
        return Section(kind, title, first, last, entries, indent)
    starts = [
        (number, found)
        for number in body
        if lines[number].indent == indent and (found := _ENTRY.match(lines[number].text[:LONGEST_LINE]))
    ]
    ends = [*(number for number, _ in starts[1:]), last + 1]
    listed = []
    for (start, found), end in zip(starts, ends, strict=False):
        end_line = last_text(lines, start, end)
        text = description(lines, found["text"], start, end_line)
        listed.append(Entry(names_in(found["names"]), start, end_line, found["type"] is not None, text))
    is_readable = bool(starts) and starts[0][0] == body[0]
    return Section(kind, title, first, last, tuple(listed), indent, is_readable)


def _gives_type(line: str) -> bool:
    """Whether what comes back begins with its type: one word, or one with brackets, before a colon."""
    return (
        re.match(r"[`~\w.]+(?:\[.*?\])?(?:\s?\|\s?[`~\w.]+(?:\[.*?\])?)*\s?:\s", line[:LONGEST_LINE])
        is not None
    )

"""Reads sections with underlined headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

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

_KIND_OF = {
    "parameters": SectionKind.PARAMETERS,
    "other parameters": SectionKind.PARAMETERS,
    "params": SectionKind.PARAMETERS,
    "args": SectionKind.PARAMETERS,
    "arguments": SectionKind.PARAMETERS,
    "attributes": SectionKind.ATTRIBUTES,
    "returns": SectionKind.RETURNS,
    "return": SectionKind.RETURNS,
    "yields": SectionKind.YIELDS,
    "yield": SectionKind.YIELDS,
    "raises": SectionKind.RAISES,
}
_UNDERLINE = re.compile(r"-{3,}|={3,}")
_NAME = r"[`'\"~]{0,2}(?:\\?\*){0,2}[^\W\d][\w.]*[`'\"]{0,2}"
_ENTRY = re.compile(rf"(?P<names>{_NAME}(?:\s?,\s?{_NAME}|,\s?\.\.\.)*)\s?(?::(?P<type>.*))?")


def sections(lines: Sequence[Line]) -> Iterator[Section]:
    """All sections in order; one without text below its heading is left out."""
    headings = [number for number in range(len(lines) - 1) if _is_heading(lines, number)]
    for first, end in pairwise([*headings, len(lines)]):
        body = [number for number in range(first + 2, end) if lines[number].text]
        if body:
            title = lines[first].text.rstrip(": ")
            yield _section(lines, _KIND_OF.get(title.lower(), SectionKind.OTHER), title, first, body)


def _is_heading(lines: Sequence[Line], number: int) -> bool:
    above, below = lines[number], lines[number + 1]
    return (
        above.text[:1].isalpha()
        and above.indent == below.indent
        and _UNDERLINE.fullmatch(below.text) is not None
    )


def _section(lines: Sequence[Line], kind: SectionKind, title: str, first: int, body: list[int]) -> Section:
    indent, last = lines[body[0]].indent, body[-1]
    heads = [number for number in body if lines[number].indent == indent]
    if kind not in LISTING:
        is_typed = len(heads) < len(body)
        text = description(lines, "", heads[0] if is_typed else first + 1, last)
        return Section(kind, title, first, last, (Entry((), body[0], last, is_typed, text),), indent)
    entries: list[Entry] = []
    for start, end in pairwise([*heads, last + 1]):
        found = _ENTRY.fullmatch(lines[start].text[:LONGEST_LINE])
        if found is None:
            return Section(kind, title, first, last, tuple(entries), indent, is_readable=False)
        end_line = last_text(lines, start, end)
        text = description(lines, "", start, end_line)
        entries.append(Entry(names_in(found["names"]), start, end_line, found["type"] is not None, text))
    return Section(kind, title, first, last, tuple(entries), indent)

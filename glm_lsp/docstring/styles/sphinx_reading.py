"""Reads fields like `:param x:`, and `@param x:` of Epydoc."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from glm_lsp.docstring.styles.python_section import (
    LONGEST_LINE,
    Entry,
    Section,
    SectionKind,
    description,
    names_in,
)
from glm_lsp.docstring.styles.python_string import Line

_KINDS = {
    SectionKind.PARAMETERS: ("param", "parameter", "arg", "argument", "key", "keyword", "kwarg", "kwparam"),
    SectionKind.ATTRIBUTES: ("ivar", "var", "cvar"),
    SectionKind.RETURNS: ("return", "returns"),
    SectionKind.YIELDS: ("yield", "yields"),
    SectionKind.RAISES: ("raise", "raises", "except", "exception"),
}
_KIND_OF = {field: kind for kind, fields in _KINDS.items() for field in fields}
_TYPES = ("type", "rtype", "vartype", "ytype", "kwtype")
_FIELD = re.compile(
    rf"[:@](?P<field>{'|'.join((*_KIND_OF, *_TYPES))})(?:\s+(?P<about>[^:\s][^:]*))?:(?=\s|$)(?P<text>.*)"
)


class _Field(NamedTuple):
    name: str
    about: str
    text: str
    first: int
    last: int
    indent: str


def sections(lines: Sequence[Line]) -> Iterator[Section]:
    """One section for each kind of field, in order of the first of each."""
    found: dict[SectionKind, list[tuple[_Field, Entry]]] = {}
    entry: Entry | None = None
    kind: SectionKind | None = None
    for field in _fields(lines):
        if field.name in _TYPES:
            kind, entry = _with_type(found, field, kind, entry)
            continue
        kind = _KIND_OF[field.name]
        # The type may stand before the name, which is the last word.
        names = names_in(field.about)
        of_one = kind in (SectionKind.PARAMETERS, SectionKind.ATTRIBUTES)
        has_type = of_one and len(field.about.split()) > 1
        entry = Entry(names[-1:] if of_one else names, field.first, field.last, has_type, field.text)
        found.setdefault(kind, []).append((field, entry))
    for each, listed in found.items():
        first, entries = listed[0][0], tuple(entry for _, entry in listed)
        is_readable = each in (SectionKind.RETURNS, SectionKind.YIELDS) or all(e.names for e in entries)
        last = max(entry.last for entry in entries)
        yield Section(each, first.name, first.first, last, entries, first.indent, is_readable)


def _with_type(
    found: dict[SectionKind, list[tuple[_Field, Entry]]],
    field: _Field,
    kind: SectionKind | None,
    entry: Entry | None,
) -> tuple[SectionKind | None, Entry | None]:
    """Counts a field with a type to the entry right above it that it is about."""
    of_result = field.name in ("rtype", "ytype") and kind in (SectionKind.RETURNS, SectionKind.YIELDS)
    if kind is None or entry is None or entry.last + 1 != field.first:
        return None, None
    if not of_result and names_in(field.about)[-1:] != entry.names:
        return None, None
    entry = replace(entry, last=field.last, has_type=True)
    found[kind][-1] = (found[kind][-1][0], entry)
    return kind, entry


def _fields(lines: Sequence[Line]) -> Iterator[_Field]:
    number = 0
    while number < len(lines):
        line = lines[number]
        match = _FIELD.match(line.text[:LONGEST_LINE])
        if match is None:
            number += 1
            continue
        last = _last(lines, number)
        text = description(lines, match["text"], number, last)
        yield _Field(match["field"], (match["about"] or "").strip(), text, number, last, line.indent)
        number = last + 1


def _last(lines: Sequence[Line], first: int) -> int:
    """The last line of a field: the next lines, and behind blank ones those that are deeper."""
    last, is_behind_blank = first, False
    for number in range(first + 1, len(lines)):
        line = lines[number]
        if not line.text:
            is_behind_blank = True
            continue
        is_deeper = line.indent.startswith(lines[first].indent) and line.indent != lines[first].indent
        if _FIELD.match(line.text[:LONGEST_LINE]) or (is_behind_blank and not is_deeper):
            break
        last = number
    return last

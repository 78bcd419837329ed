"""rustdoc: a summary and Markdown's sections: `# Errors`, `# Panics`, `# Safety`, in some projects `# Arguments`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from glm_lsp.docstring.dialect import Dialect
from glm_lsp.docstring.entity import Entity, EntityKind, Parameter
from glm_lsp.docstring.harmless import is_harmless
from glm_lsp.docstring.plan import Insertion
from glm_lsp.docstring.skeleton import Part, Skeleton, Slot, SlotKind
from glm_lsp.docstring.styles.comment_block import DocComment, Frame, Line, first_paragraph, layout
from glm_lsp.docstring.styles.comment_edge import Edge
from glm_lsp.docstring.styles.styling import Documented

_TITLES = {
    **dict.fromkeys(["arguments", "argument", "args", "parameters", "params"], SlotKind.PARAMETER),
    **dict.fromkeys(["returns", "return", "return value", "return values"], SlotKind.RETURNS),
    **dict.fromkeys(["errors", "error"], SlotKind.RAISES),
    **dict.fromkeys(["panics", "panic"], SlotKind.PANICS),
    "safety": SlotKind.SAFETY,
}
_HEADINGS = {
    SlotKind.PARAMETER: "Arguments",
    SlotKind.RETURNS: "Returns",
    SlotKind.RAISES: "Errors",
    SlotKind.PANICS: "Panics",
    SlotKind.SAFETY: "Safety",
}
_ORDER = list(_HEADINGS)
_HEADING = re.compile(r"[ \t]*#+[ \t]+(?P<title>.*?)[ \t#:]*\Z")
_ITEM = re.compile(
    r"(?P<bullet>[ \t]*[*-][ \t]+)(?P<tick>`?)(?P<name>\w+)(?P=tick)(?P<sign>[ \t]*[-:\u2013\u2014]+[ \t]+|[ \t]+)"
)
_FUNCTIONS = frozenset([EntityKind.FUNCTION, EntityKind.METHOD, EntityKind.CONSTRUCTOR])


@dataclass(frozen=True, slots=True)
class _Item:
    """A parameter in a list; the numbers are those of its lines."""

    match: re.Match[str]
    description: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Section:
    """From its heading to its last line with content; the kind is None for a title of no meaning here."""

    kind: SlotKind | None
    first: int
    last: int
    items: tuple[_Item, ...]


class Rustdoc:
    """Of Rust."""

    def skeleton(self, entity: Entity, dialect: Dialect) -> Skeleton:
        """See `Styling`."""
        frame = Frame.of("//!" if entity.kind is EntityKind.MODULE and not entity.name else "///")
        lines: list[Line] = [(Slot(kind=SlotKind.SUMMARY, hang=frame.mark),)]
        for kind in _kinds(entity, dialect):
            lines += [(), *_section(kind, entity, dialect, frame.mark)]
        return layout(frame, lines, summary_below=False, is_one_line=True)

    def missing(self, entity: Entity, dialect: Dialect) -> tuple[Insertion, ...]:
        """See `Styling`."""
        comment = DocComment.parse(entity.documentation.text) if entity.documentation else None
        if entity.documentation is None or comment is None or comment.is_one_line or comment.is_open:
            return ()
        if not any(line.content for line in comment.lines):
            return ()
        sections = _sections(comment)
        edge = Edge(entity.documentation, comment)
        insertions = [*_missing_items(entity, dialect, sections, edge)]
        present = {section.kind for section in sections}
        groups: dict[tuple[int, bool], list[Line]] = {}
        for kind in _kinds(entity, dialect):
            if kind not in present:
                line, is_before = _place(kind, sections, comment)
                lines = _section(kind, entity, dialect, edge.mark(line))
                groups.setdefault((line, is_before), []).extend([*lines, ()] if is_before else [(), *lines])
        for (line, is_before), lines in groups.items():
            insertions.append(edge.before(line, lines) if is_before else edge.behind(line, lines))
        return tuple(sorted(insertions, key=lambda each: each.place.offset))

    def read(self, text: str) -> Documented:
        """See `Styling`. Errors and panics are told without names."""
        comment = DocComment.parse(text)
        if comment is None:
            return Documented()
        sections = _sections(comment)
        items = (item for section in sections for item in section.items)
        end = sections[0].first if sections else len(comment.lines)
        return Documented(
            summary=first_paragraph(comment.lines[:end]),
            parameters=tuple(dict.fromkeys(item.match["name"] for item in items)),
            has_returns=any(section.kind is SlotKind.RETURNS for section in sections),
        )


def headings_of(comment: DocComment, *kinds: SlotKind) -> tuple[str, ...]:
    """Titles of sections, as they are written; without kinds those of all."""
    found = (section for section in _sections(comment) if section.kind in kinds or not kinds)
    return tuple(comment.lines[section.first].content.strip(" \t#:*") for section in found)


def items_of(comment: DocComment) -> tuple[str, ...]:
    """Descriptions of the parameters that a comment lists, each on one line."""
    return tuple(item.description for section in _sections(comment) for item in section.items)


def _kinds(entity: Entity, dialect: Dialect) -> Iterator[SlotKind]:
    """Sections that an entity needs, in order."""
    if entity.kind not in _FUNCTIONS:
        return
    if dialect.has_sections and _listed(entity):
        yield SlotKind.PARAMETER
    if dialect.has_sections and entity.returns and entity.kind is not EntityKind.CONSTRUCTOR:
        yield SlotKind.RETURNS
    if entity.is_fallible:
        yield SlotKind.RAISES
    if entity.may_panic:
        yield SlotKind.PANICS
    if entity.is_unsafe:
        yield SlotKind.SAFETY


def _listed(entity: Entity) -> tuple[Parameter, ...]:
    return tuple(parameter for parameter in entity.parameters if is_harmless(parameter.name))


def _section(kind: SlotKind, entity: Entity, dialect: Dialect, mark: str) -> list[Line]:
    heading = _HEADINGS[kind]
    if kind is not SlotKind.PARAMETER:
        return [(f"# {heading}",), (), (Slot(kind=kind, hang=mark),)]
    items = [_item(parameter, dialect, mark) for parameter in _listed(entity)]
    return [(f"# {dialect.parameters_heading or heading}",), (), *items]


def _item(
    parameter: Parameter, dialect: Dialect, mark: str, form: tuple[str, str, str] = ("* ", "`", " - ")
) -> tuple[Part, ...]:
    """One line of a list; `form` is the bullet, the quotation mark, and what parts name and description."""
    bullet, tick, sign = form
    slot = Slot(
        kind=SlotKind.PARAMETER,
        name=parameter.name,
        hang=mark + " " * len(bullet),
        capital=dialect.capital,
        full_stop=dialect.full_stop,
    )
    return f"{bullet}{tick}{parameter.name}{tick}{sign}", slot


def _sections(comment: DocComment) -> list[_Section]:
    headings = [
        (number, match["title"].strip("`*_ ").lower())
        for number, line in enumerate(comment.lines)
        if not line.is_code and (match := _HEADING.match(line.content))
    ]
    ends = [*(number for number, _ in headings), len(comment.lines)][1:]
    return [
        _parse_section(comment, _TITLES.get(title), first, end)
        for (first, title), end in zip(headings, ends, strict=True)
    ]


def _parse_section(comment: DocComment, kind: SlotKind | None, first: int, end: int) -> _Section:
    last = max(number for number in range(first, end) if number == first or comment.lines[number].content)
    items: list[_Item] = []
    for number in range(first + 1, last + 1) if kind is SlotKind.PARAMETER else ():
        content = comment.lines[number].content
        match = _ITEM.match(content + " ")
        if match and (not items or len(match["bullet"]) <= len(items[0].match["bullet"])):
            items.append(_Item(match, content[match.end() :].strip(), number, number))
        elif items and content.startswith((" ", "\t")):
            description = f"{items[-1].description} {content.strip()}".strip()
            items[-1] = replace(items[-1], description=description, last=number)
    return _Section(kind, first, last, tuple(items))


def _place(kind: SlotKind, sections: Sequence[_Section], comment: DocComment) -> tuple[int, bool]:
    """The line that a new section goes behind, or in front of."""
    lower, rank = [], _ORDER.index(kind)
    for section in sections:
        if section.kind and _ORDER.index(section.kind) < rank:
            lower.append(section.last)
    if lower:
        return max(lower), False
    if sections:
        return sections[0].first, True
    return max(number for number, line in enumerate(comment.lines) if line.content), False


def _missing_items(
    entity: Entity, dialect: Dialect, sections: Sequence[_Section], edge: Edge
) -> Iterator[Insertion]:
    """Parameters that an existing list lacks, as the list is written."""
    items = {item.match["name"]: item for section in sections for item in section.items}
    if not items:
        return
    form = next(iter(items.values())).match
    sign = form["sign"] if form["sign"].strip() else " - "
    groups: dict[tuple[int, bool], list[Line]] = {}
    parameters = _listed(entity)
    for number, parameter in enumerate(parameters):
        if parameter.name in items:
            continue
        before = [items[each.name].last for each in parameters[:number] if each.name in items]
        behind = [items[each.name].first for each in parameters[number + 1 :] if each.name in items]
        line = before[-1] if before else behind[0] if behind else max(item.last for item in items.values())
        is_before = bool(behind) and not before
        text = _item(parameter, dialect, edge.mark(line), (form["bullet"], form["tick"], sign))
        groups.setdefault((line, is_before), []).append(text)
    for (line, is_before), lines in groups.items():
        yield edge.before(line, lines) if is_before else edge.behind(line, lines)

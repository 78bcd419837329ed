"""New Python docstrings, whatever the style of their sections."""

from __future__ import annotations

from collections.abc import Sequence

from glm_lsp.docstring.dialect import Dialect
from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.skeleton import Part, Skeleton, Slot, SlotKind
from glm_lsp.docstring.styles.python_content import Form, Item, Layout, items_of
from glm_lsp.docstring.styles.python_section import SectionKind

_LEAST_ROOM = 40
QUOTES = '"""'


def skeleton(layout: Layout | None, entity: Entity, dialect: Dialect) -> Skeleton:
    """A docstring with its quotes; only the summary where there is no layout for sections."""
    opening = dialect.opening or QUOTES
    content = content_of(layout, entity, dialect, entity.place.indent if entity.place else "")
    closing = opening.lstrip("rR")
    above = (opening, "\n") if dialect.summary_below else (opening,)
    is_short = len(content) == 1 and dialect.is_one_line
    return Skeleton((*above, *content, "\n" + closing), (opening, *content, closing) if is_short else None)


def content_of(layout: Layout | None, entity: Entity, dialect: Dialect, indent: str) -> tuple[Part, ...]:
    """Summary and sections, without quotes."""
    parts: list[Part] = [Slot(kind=SlotKind.SUMMARY)]
    if layout is not None:
        form = form_of(dialect, indent)
        for number, (kind, items) in enumerate(items_of(entity).items()):
            parts += [layout.gap if number else "\n\n", *section(layout, kind, items, form)]
    return tuple(parts)


def section(layout: Layout, kind: SectionKind, items: Sequence[Item], form: Form) -> list[Part]:
    """One section with its heading."""
    parts: list[Part] = [layout.heading(kind, form)]
    for number, item in enumerate(items):
        parts += ["\n" * bool(number), *layout.item(item, form)]
    return parts


def form_of(dialect: Dialect, indent: str) -> Form:
    """For documentation behind so many blanks."""
    room = max(dialect.width - len(indent.expandtabs(4)), _LEAST_ROOM)
    return Form(dialect=dialect, unit="\t" if "\t" in indent else "    ", room=room)

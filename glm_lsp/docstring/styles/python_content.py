"""What a Python docstring has to list, and the way each style writes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from glm_lsp.docstring.dialect import Dialect
from glm_lsp.docstring.entity import Entity, EntityKind, Parameter, ParameterKind
from glm_lsp.docstring.skeleton import Part, Slot, SlotKind
from glm_lsp.docstring.styles.python_section import SectionKind

MAX_DEFAULT_CHARS = 24
"""Of a default that is worth repeating."""
_STARS = {ParameterKind.PLAIN: "", ParameterKind.VARIADIC: "*", ParameterKind.KEYWORDS: "**"}
_SLOTS = {
    SectionKind.PARAMETERS: SlotKind.PARAMETER,
    SectionKind.ATTRIBUTES: SlotKind.ATTRIBUTE,
    SectionKind.RETURNS: SlotKind.RETURNS,
    SectionKind.YIELDS: SlotKind.YIELDS,
    SectionKind.RAISES: SlotKind.RAISES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to be listed.

    Attributes:
        name: empty for what comes back.
        stars: in front of the name where it takes any number of arguments.
        type, default: source that may stand in a docstring; empty where there is none or it may not.
    """

    kind: SectionKind
    name: str = ""
    stars: str = ""
    type: str = ""
    default: str = ""
    is_optional: bool = False
    is_by_name: bool = False

    def slot(self, dialect: Dialect, hang: str) -> Slot:
        """Where the sentence about it goes."""
        kind = _SLOTS[self.kind]
        return Slot(
            kind=kind, name=self.name, hang=hang, capital=dialect.capital, full_stop=dialect.full_stop
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How items are put down at one place.

    Attributes:
        lead: blanks before headings.
        unit: one step of indentation.
        room: columns of a line, the margin not counted.
        mark: what Sphinx's fields begin with.
    """

    dialect: Dialect
    lead: str = ""
    unit: str = "    "
    room: int = 80
    mark: str = ":"


class Layout(Protocol):
    """How one style writes sections."""

    @property
    def gap(self) -> str:
        """Line breaks between two sections."""

    @property
    def indents_items(self) -> bool:
        """Whether items are deeper than their heading."""

    def heading(self, kind: SectionKind, form: Form) -> str:
        """The lines above the items, with their last line break; empty where there are none."""

    def item(self, item: Item, form: Form) -> tuple[Part, ...]:
        """The lines of one item, without a line break at the end."""


def items_of(entity: Entity) -> dict[SectionKind, tuple[Item, ...]]:
    """Everything that documentation of an entity has to list, by section; no section is empty."""
    found = {kind: tuple(items) for kind, items in _items(entity)}
    return {kind: items for kind, items in found.items() if items}


def _items(entity: Entity) -> Iterator[tuple[SectionKind, list[Item]]]:
    is_value = entity.kind in (EntityKind.PROPERTY, EntityKind.CONSTRUCTOR)
    if entity.kind is not EntityKind.PROPERTY:
        yield SectionKind.PARAMETERS, [_parameter(SectionKind.PARAMETERS, each) for each in entity.parameters]
    yield SectionKind.ATTRIBUTES, [_parameter(SectionKind.ATTRIBUTES, each) for each in entity.attributes]
    for kind, returned in ((SectionKind.RETURNS, entity.returns), (SectionKind.YIELDS, entity.yields)):
        if returned is not None and not is_value:
            yield kind, [Item(kind=kind, type=shown(returned.type))]
    raised = [name for name in entity.raises if shown(name)]
    yield SectionKind.RAISES, [Item(kind=SectionKind.RAISES, name=name) for name in raised]


def _parameter(kind: SectionKind, parameter: Parameter) -> Item:
    default = shown(parameter.default)
    return Item(
        kind=kind,
        name=parameter.name,
        stars=_STARS[parameter.kind],
        type=shown(parameter.type),
        default=default if default != "None" and len(default) <= MAX_DEFAULT_CHARS else "",
        is_by_name=parameter.is_by_name,
        is_optional=kind is SectionKind.PARAMETERS and (parameter.is_optional or bool(parameter.default)),
    )


def shown(source: str) -> str:
    """Source as it may stand in a docstring; empty if it may not. A type that is quoted as a whole loses its quotes."""
    if not source.isprintable() or "\\" in source or "*/" in source or '"""' in source or "'''" in source:
        return ""
    inner = source[1:-1]
    is_quoted = len(source) > 2 and source[0] == source[-1] and source[0] in "\"'" and source[0] not in inner
    return inner if is_quoted and inner.replace(".", "").isidentifier() else source

"""Sphinx's style: fields like `:param x:`."""

from __future__ import annotations

from dataclasses import dataclass

from glm_lsp.docstring.skeleton import Part
from glm_lsp.docstring.styles.python_content import Form, Item
from glm_lsp.docstring.styles.python_section import SectionKind

_FIELDS = {
    SectionKind.PARAMETERS: "param",
    SectionKind.ATTRIBUTES: "ivar",
    SectionKind.RETURNS: "returns",
    SectionKind.YIELDS: "yields",
    SectionKind.RAISES: "raises",
}
_TYPES = {
    SectionKind.PARAMETERS: "type",
    SectionKind.ATTRIBUTES: "vartype",
    SectionKind.RETURNS: "rtype",
}


@dataclass(frozen=True, slots=True)
class SphinxLayout:
    """As Sphinx reads it by itself; with `@` as Epydoc did."""

    gap: str = "\n"
    indents_items: bool = False

    def heading(self, kind: SectionKind, form: Form) -> str:
        """None: fields stand for themselves."""
        return ""

    def item(self, item: Item, form: Form) -> tuple[Part, ...]:
        """`:param name: Sentence.`, and a line with the type where that is the habit."""
        name = f" {item.name}" if item.name else ""
        field = _FIELDS[item.kind]
        if item.kind is SectionKind.RETURNS and form.dialect.returns_heading == "return":
            field = "return"
        slot = item.slot(form.dialect, form.lead + form.unit)
        parts: tuple[Part, ...] = (f"{form.lead}{form.mark}{field}{name}: ", slot)
        typed = f"{form.lead}{form.mark}{_TYPES.get(item.kind, '')}{name}: {item.type}"
        if form.dialect.types and item.type and item.kind in _TYPES and len(typed) <= form.room:
            parts = (*parts, f"\n{typed}")
        return parts

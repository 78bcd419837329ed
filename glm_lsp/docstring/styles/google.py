"""Google's style: sections like `Args:` with indented entries."""

from __future__ import annotations

from dataclasses import dataclass

from glm_lsp.docstring.skeleton import Part
from glm_lsp.docstring.styles.python_content import Form, Item
from glm_lsp.docstring.styles.python_section import SectionKind

_TITLES = {
    SectionKind.PARAMETERS: "Args",
    SectionKind.ATTRIBUTES: "Attributes",
    SectionKind.RETURNS: "Returns",
    SectionKind.YIELDS: "Yields",
    SectionKind.RAISES: "Raises",
}
_LEAST_PROSE = 20
"""Columns that must be left beside a type."""
_NAMES_OF_PARAMETERS = frozenset(["Args", "Arguments", "Parameters", "Params"])


@dataclass(frozen=True, slots=True)
class GoogleLayout:
    """As Google's guide has it."""

    gap: str = "\n\n"
    indents_items: bool = True

    def heading(self, kind: SectionKind, form: Form) -> str:
        """`Args:`, or as the project calls it."""
        title = _TITLES[kind]
        called = form.dialect.parameters_heading
        if kind is SectionKind.PARAMETERS and called in _NAMES_OF_PARAMETERS:
            title = called
        return f"{form.lead}{title}:\n"

    def item(self, item: Item, form: Form) -> tuple[Part, ...]:
        """`name: Sentence.`, with the type in parentheses where that is the habit."""
        lead = form.lead + form.unit
        if not item.name:
            typed = f"{lead}{item.type}: "
            if form.dialect.types and item.type and ":" not in item.type and len(typed) <= form.room // 2:
                return typed, item.slot(form.dialect, lead + form.unit)
            return lead, item.slot(form.dialect, lead)
        head = f"{lead}{item.stars}{item.name}"
        optional = ", optional" if item.is_optional else ""
        typed = f"{head} ({item.type}{optional})"
        is_typed = form.dialect.types and item.type and len(typed) + _LEAST_PROSE <= form.room
        return f"{typed if is_typed else head}: ", item.slot(form.dialect, lead + form.unit)

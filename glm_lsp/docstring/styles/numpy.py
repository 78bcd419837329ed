"""NumPy's style: underlined headings, names with their types, descriptions below."""

from __future__ import annotations

from dataclasses import dataclass

from glm_lsp.docstring.skeleton import Part
from glm_lsp.docstring.styles.python_content import Form, Item
from glm_lsp.docstring.styles.python_section import SectionKind

_TITLES = {
    SectionKind.PARAMETERS: "Parameters",
    SectionKind.ATTRIBUTES: "Attributes",
    SectionKind.RETURNS: "Returns",
    SectionKind.YIELDS: "Yields",
    SectionKind.RAISES: "Raises",
}
_NOTHING_ALONE = frozenset(["Annotated", "Literal", "Optional", "Union"])
"""What says nothing without its arguments."""


@dataclass(frozen=True, slots=True)
class NumpyLayout:
    """As numpydoc has it."""

    gap: str = "\n\n"
    indents_items: bool = False

    def heading(self, kind: SectionKind, form: Form) -> str:
        """The title and the line under it."""
        title = _TITLES[kind]
        return f"{form.lead}{title}\n{form.lead}{'-' * len(title)}\n"

    def item(self, item: Item, form: Form) -> tuple[Part, ...]:
        """`name : type, optional` and the sentence below; what comes back has its type alone above.

        The first line of what comes back is read as its type, whatever it says: where the signature has none, that is
        `object`, as is everything. Behind a parameter's colon the type comes first: without one there is no colon.
        """
        hang = form.lead + form.unit
        head = form.lead + item.stars + item.name
        if not item.name:
            room = form.room - len(form.lead)
            return f"{form.lead}{_fitting(item.type, room)}\n{hang}", item.slot(form.dialect, hang)
        for note in _notes(item):
            if len(f"{head} : {note}") <= form.room:
                head = f"{head} : {note}"
                break
        return f"{head}\n{hang}", item.slot(form.dialect, hang)


def _fitting(source: str, room: int) -> str:
    """A type, without its arguments if these make it too long."""
    if len(source) > room:
        name = source.partition("[")[0]
        tells = (
            "|" not in source
            and name.replace(".", "").isidentifier()
            and name.rpartition(".")[2] not in _NOTHING_ALONE
        )
        source = name if tells and len(name) <= room else ""
    return source or "object"


def _notes(item: Item) -> list[str]:
    """What may stand behind the colon, fullest first."""
    if not item.type:
        return []
    given = f"default {item.default}" if item.default else "optional"
    return [f"{item.type}, {given}", item.type] if item.is_optional else [item.type]

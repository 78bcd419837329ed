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
        """`name : type, optional` and the sentence below; a sentence alone where no type of a result is known."""
        hang = form.lead + form.unit
        head = form.lead + item.stars + item.name
        if not item.name:
            if not item.type or len(form.lead + item.type) > form.room:
                return form.lead, item.slot(form.dialect, form.lead)
            return f"{form.lead}{item.type}\n{hang}", item.slot(form.dialect, hang)
        for note in _notes(item):
            if len(f"{head} : {note}") <= form.room:
                head = f"{head} : {note}"
                break
        return f"{head}\n{hang}", item.slot(form.dialect, hang)


def _notes(item: Item) -> list[str]:
    """What may stand behind the colon, fullest first."""
    given = f"default {item.default}" if item.default else "optional"
    notes = [item.type, given] if item.is_optional else [item.type]
    fullest = ", ".join(note for note in notes if note)
    return [note for note in (fullest, *notes) if note]

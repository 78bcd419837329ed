"""A Python docstring as it is read: its style, what it lists, and on which lines."""

from __future__ import annotations

from dataclasses import dataclass

from glm_lsp.docstring.dialect import Style
from glm_lsp.docstring.styles import google_reading, numpy_reading, sphinx_reading
from glm_lsp.docstring.styles.python_section import Section, SectionKind
from glm_lsp.docstring.styles.python_string import PythonString
from glm_lsp.docstring.styles.styling import Documented

_READERS = {
    Style.NUMPY: numpy_reading.sections,
    Style.GOOGLE: google_reading.sections,
    Style.SPHINX: sphinx_reading.sections,
}


@dataclass(frozen=True, slots=True)
class PythonDocstring:
    """One docstring.

    Attributes:
        style: that of its sections; None where it has none that tell.
        sections: in order of their first lines.
    """

    literal: PythonString
    style: Style | None
    sections: tuple[Section, ...]

    @classmethod
    def of(cls, text: str, indent: str = "") -> PythonDocstring | None:
        """Reads a docstring with its quotes; None where that is not one literal."""
        literal = PythonString.of(text, indent)
        if literal is None:
            return None
        read = {style: tuple(reader(literal.lines)) for style, reader in _READERS.items()}
        weights = {style: sum(each.weight for each in found) for style, found in read.items()}
        style = max(weights, key=weights.__getitem__)
        if weights[style]:
            return cls(literal, style, read[style])
        return cls(literal, None, read[Style.NUMPY] or read[Style.GOOGLE])

    def of_kind(self, *kinds: SectionKind) -> tuple[Section, ...]:
        """The sections of some kinds."""
        return tuple(section for section in self.sections if section.kind in kinds)

    def names(self, kind: SectionKind) -> tuple[str, ...]:
        """All names that sections of a kind list."""
        return tuple(name for section in self.of_kind(kind) for name in section.names)

    @property
    def summary(self) -> str:
        """The first paragraph, on one line; empty where the docstring begins with a section."""
        taken: list[str] = []
        starts = {section.first for section in self.sections}
        for number, line in enumerate(self.literal.lines):
            if number in starts or (taken and not line.text):
                break
            if line.text not in ("", "\\"):
                taken.append(line.text)
        return " ".join(taken)


def read(text: str) -> Documented:
    """What a docstring speaks of, in whichever of the styles it is written."""
    docstring = PythonDocstring.of(text)
    if docstring is None:
        return Documented()
    return Documented(
        summary=docstring.summary,
        parameters=docstring.names(SectionKind.PARAMETERS),
        attributes=docstring.names(SectionKind.ATTRIBUTES),
        raises=docstring.names(SectionKind.RAISES),
        has_returns=bool(docstring.of_kind(SectionKind.RETURNS)),
        has_yields=bool(docstring.of_kind(SectionKind.YIELDS)),
    )

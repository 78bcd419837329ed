"""Doxygen: `@brief`, `@tparam`, `@param`, `@return`, `@throws`, or the same with backslashes."""

from __future__ import annotations

from glm_lsp.docstring.dialect import Dialect
from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.skeleton import SlotKind
from glm_lsp.docstring.styles.subjects import Subject
from glm_lsp.docstring.styles.tagged import TaggedStyling


class Doxygen(TaggedStyling):
    """Of C and C++."""

    openings = ("/**", "/*!", "///", "//!")
    by_paragraph = True

    def lead(self, entity: Entity, dialect: Dialect) -> str:
        """Without the command a summary is found in projects only that set `JAVADOC_AUTOBRIEF`."""
        return f"{dialect.command}brief " if dialect.has_brief else ""

    def head(self, subject: Subject, dialect: Dialect) -> str:
        """See `TaggedStyling`."""
        match subject.kind:
            case SlotKind.TYPE_PARAMETER:
                tag = f"tparam {subject.name} "
            case SlotKind.RETURNS | SlotKind.YIELDS:
                tag = "return "
            case SlotKind.RAISES:
                tag = f"throws {subject.name} "
            case _:
                tag = f"param {subject.path} "
        return dialect.command + tag

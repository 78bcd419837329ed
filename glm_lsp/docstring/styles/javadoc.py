"""Javadoc: `@param name text`, `@param <T> text`, `@return text`, `@throws X text`."""

from __future__ import annotations

from glm_lsp.docstring.dialect import Dialect
from glm_lsp.docstring.skeleton import SlotKind
from glm_lsp.docstring.styles.subjects import Subject
from glm_lsp.docstring.styles.tagged import TaggedStyling


class Javadoc(TaggedStyling):
    """Of Java; components of records are parameters of the record."""

    hanging = 4

    def head(self, subject: Subject, dialect: Dialect) -> str:
        """See `TaggedStyling`."""
        match subject.kind:
            case SlotKind.TYPE_PARAMETER:
                return f"@param <{subject.name}> "
            case SlotKind.RETURNS | SlotKind.YIELDS:
                return "@return "
            case SlotKind.RAISES:
                return f"@throws {subject.name} "
        return f"@param {subject.path} "

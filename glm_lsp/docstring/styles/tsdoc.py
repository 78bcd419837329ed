"""TSDoc: `@param name - text`, `@typeParam T - text`; types stand in the signature only."""

from __future__ import annotations

from glm_lsp.docstring.dialect import Dialect
from glm_lsp.docstring.entity import Entity, EntityKind
from glm_lsp.docstring.skeleton import SlotKind
from glm_lsp.docstring.styles.comment_block import Line
from glm_lsp.docstring.styles.subjects import Subject
from glm_lsp.docstring.styles.tagged import TaggedStyling


class TSDoc(TaggedStyling):
    """Of TypeScript. Parts of patterns and what generators yield have no tags there."""

    bare_exceptions = False

    def tail(self, entity: Entity) -> tuple[Line, ...]:
        """Files are told from their first definition by a tag."""
        return (("@packageDocumentation",),) if entity.kind is EntityKind.MODULE else ()

    def head(self, subject: Subject, dialect: Dialect) -> str:
        """See `TaggedStyling`."""
        match subject.kind:
            case SlotKind.TYPE_PARAMETER:
                return f"@typeParam {subject.name} - "
            case SlotKind.RETURNS | SlotKind.YIELDS:
                return "@returns "
            case SlotKind.RAISES:
                return f"@throws {{@link {subject.name}}} "
        return f"@param {subject.path} - "

"""Go's doc comments: prose that begins with the name."""

from __future__ import annotations

from glm_lsp.docstring.dialect import Dialect
from glm_lsp.docstring.entity import Entity, EntityKind
from glm_lsp.docstring.harmless import is_harmless
from glm_lsp.docstring.plan import Insertion
from glm_lsp.docstring.skeleton import Skeleton, Slot, SlotKind
from glm_lsp.docstring.styles.comment_block import DocComment, first_paragraph
from glm_lsp.docstring.styles.styling import Documented

_MARK = "// "


class Go:
    """Functions do something, types are something, and packages are called so."""

    def skeleton(self, entity: Entity, dialect: Dialect) -> Skeleton:
        """See `Styling`."""
        lead = _lead(entity) if is_harmless(entity.name) else ""
        slot = Slot(kind=SlotKind.SUMMARY, hang=_MARK, lead=lead, capital=not lead)
        return Skeleton((f"{_MARK}{lead} " if lead else _MARK, slot))

    def missing(self, entity: Entity, dialect: Dialect) -> tuple[Insertion, ...]:
        """See `Styling`. Nothing is listed in Go, so that nothing can be missing."""
        return ()

    def read(self, text: str) -> Documented:
        """See `Styling`."""
        is_block = text.startswith("/*") and text[2:3] not in ("*", "!")
        comment = DocComment.parse(f"/*{text[1:]}" if is_block else text)
        return Documented(summary=first_paragraph(comment.lines) if comment else "")


def _lead(entity: Entity) -> str:
    if not entity.name:
        return ""
    match entity.kind:
        case EntityKind.MODULE:
            return f"Package {entity.name}"
        case EntityKind.CLASS:
            return f"{entity.name} is"
    return entity.name

"""Doc comments without tags: the summary and nothing else."""

from __future__ import annotations

from glm_lsp.docstring.dialect import Dialect
from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.plan import Insertion
from glm_lsp.docstring.skeleton import Skeleton, Slot, SlotKind
from glm_lsp.docstring.styles.comment_block import Frame, layout
from glm_lsp.docstring.styles.styling import Documented
from glm_lsp.docstring.styles.tagged import TaggedStyling


class PlainComment:
    """Of a language whose comments can have tags; those there are read.

    Args:
        tagged: the style with tags.
    """

    def __init__(self, tagged: TaggedStyling) -> None:
        self._tagged = tagged

    def skeleton(self, entity: Entity, dialect: Dialect) -> Skeleton:
        """See `Styling`."""
        openings = self._tagged.openings
        frame = Frame.of(dialect.opening if dialect.opening in openings else openings[0])
        line = (Slot(kind=SlotKind.SUMMARY, hang=frame.mark),)
        return layout(frame, [line], summary_below=dialect.summary_below, is_one_line=dialect.is_one_line)

    def missing(self, entity: Entity, dialect: Dialect) -> tuple[Insertion, ...]:
        """See `Styling`. Nothing is listed, so that nothing can be missing."""
        return ()

    def read(self, text: str) -> Documented:
        """See `Styling`."""
        return self._tagged.read(text)

"""Who writes the missing sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.skeleton import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A place in a document where one sentence is missing.

    Attributes:
        before: the document up to there, with all that is known of the documentation.
        after: the document from the line behind the documentation.
        code: the source of what is documented, or of the block that is commented.
        entity: what is documented; None for a comment on a block.
        path, language_id: of the document, as in `DocumentSnapshot`.
    """

    slot: Slot
    before: str
    after: str
    code: str
    entity: Entity | None
    path: str
    language_id: str


class Author(Protocol):
    """Writes one sentence at a time."""

    async def write(self, gap: Gap) -> str | None:
        """A sentence fit to be put in, on one line; None where none can be vouched for.

        Cancelling the awaiting task ends the work.

        Raises:
            GlmError: the engine cannot be reached or refused the request.
        """

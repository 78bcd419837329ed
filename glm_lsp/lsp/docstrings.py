"""Documentation for open documents: what can be offered, what is written when it is asked for, what was just begun.

What takes long is done in threads, and what it needs is imported there the first time. A document is parsed once for
each of its texts, however often an editor asks what can be done at the cursor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from glm_lsp.docstring.dialect import STYLES, Style
from glm_lsp.errors import InputError, UnknownGrammarError

if TYPE_CHECKING:
    from glm_lsp.completion.documenting import Opening
    from glm_lsp.completion.snapshot import DocumentSnapshot
    from glm_lsp.docstring.extent import Extent
    from glm_lsp.docstring.offer import Offer
    from glm_lsp.docstring.proposal import OnSentence, Proposal
    from glm_lsp.engine.client.client import EngineClient
    from glm_lsp.lsp.documentation import Documentation
    from glm_lsp.lsp.reference_notes import ReferenceNotes

_MAX_UNASKED_CHARS = 200_000


class Docstrings:
    """One window's. Use it on one event loop.

    Args:
        references: know the workspace, and what of it is to be left alone.
        client: waits for an engine; raises a `GlmError` where there is none.

    Attributes:
        style: what everything is written in; None: as the file and the project do.
    """

    def __init__(self, references: ReferenceNotes, client: Callable[[], Awaitable[EngineClient]]) -> None:
        self.style: Style | None = None
        self._references = references
        self._client = client
        self._documentation: Documentation | None = None

    async def offers(
        self, snapshot: DocumentSnapshot, start: int, end: int, *, is_by_hand: bool = True
    ) -> Sequence[Offer]:
        """What can be done for a selection, from `start` to `end`; no model is asked.

        Empty for documents that are to be left alone, in languages without a grammar, and in very long documents if
        it is not by hand that somebody asks: editors do at every move of the cursor.
        """
        if snapshot.language_id not in STYLES or (not is_by_hand and _is_long(snapshot)):
            return ()
        documentation = await self._loaded()
        try:
            return await documentation.offers(snapshot, start, end, self.style)
        except InputError:
            return ()

    async def write(  # noqa: PLR0917
        self,
        snapshot: DocumentSnapshot,
        extent: Extent,
        start: int,
        end: int,
        style: Style | None,
        on_sentence: OnSentence,
    ) -> Proposal:
        """Documentation, written and proven. Cancelling the awaiting task closes the stream to the engine.

        Args:
            snapshot: the document.
            extent: how much of it.
            start, end: the selection; both the same for a cursor.
            style: instead of that of the settings.
            on_sentence: told of sentences written, and of all there are to be.

        Raises:
            NothingToDocumentError: there is nothing to document, or the document is to be left alone.
            UnknownGrammarError: there is no grammar for it.
            CodeTouchedError: it would touch code.
            GlmError: there is no engine, or it refused.
        """
        if snapshot.language_id not in STYLES:
            raise UnknownGrammarError(f"there is no grammar for {snapshot.language_id or 'plain text'}")
        documentation = await self._loaded()
        return await documentation.write(snapshot, extent, start, end, style or self.style, on_sentence)

    async def finish(self, snapshot: DocumentSnapshot, opening: Opening) -> str | None:
        """See `Documenter`: the rest of documentation that has just been begun; none in very long documents."""
        if snapshot.language_id not in STYLES or _is_long(snapshot):
            return None
        return await (await self._loaded()).finish(snapshot, opening, self.style)

    def forget(self, uri: str) -> None:
        """Drops what is known of a closed document."""
        if self._documentation is not None:
            self._documentation.forget(uri)

    async def _loaded(self) -> Documentation:
        if self._documentation is None:
            new = await asyncio.to_thread(_load)
            # Another request may have been faster.
            self._documentation = self._documentation or new(self._references, self._client)
        return self._documentation


def _is_long(snapshot: DocumentSnapshot) -> bool:
    return len(snapshot.text) > _MAX_UNASKED_CHARS


def _load() -> type[Documentation]:
    from glm_lsp.lsp.documentation import Documentation  # noqa: PLC0415 - takes a while

    return Documentation

"""The work behind `lsp/docstrings.py`. Importing it takes a tenth of a second: that is done in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from glm_lsp.completion.documenting import Opening
from glm_lsp.completion.placement import Refusal, refuse_document
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.authors.choice import author_for
from glm_lsp.docstring.begun import Begun, begun, finished, is_safe
from glm_lsp.docstring.detection import Surroundings
from glm_lsp.docstring.dialect import Style
from glm_lsp.docstring.extent import Extent
from glm_lsp.docstring.offer import Offer, Survey
from glm_lsp.docstring.proposal import OnSentence, Proposal, Source, propose
from glm_lsp.engine.client.client import EngineClient
from glm_lsp.errors import NothingToDocumentError, UnknownGrammarError
from glm_lsp.lsp.latest_work import LatestWork
from glm_lsp.lsp.project_memory import ProjectMemory
from glm_lsp.lsp.reference_notes import ReferenceNotes
from glm_lsp.lsp.workspace_path import document_key
from glm_lsp.references.finder import WorkspaceFinder

_CAPACITY = 4
"""Documents whose parse is kept."""


class Documentation:
    """See `Docstrings`, whose methods are these; languages are known to have documentation.

    Args:
        references: know the workspace, and what of it is to be left alone.
        client: waits for an engine; raises a `GlmError` where there is none.
    """

    def __init__(self, references: ReferenceNotes, client: Callable[[], Awaitable[EngineClient]]) -> None:
        self._references = references
        self._client = client
        self._projects = ProjectMemory()
        self._surveys: LatestWork[Survey] = LatestWork(_CAPACITY)
        self._begun: LatestWork[Begun | None] = LatestWork(1)

    async def offers(
        self, snapshot: DocumentSnapshot, start: int, end: int, style: Style | None
    ) -> Sequence[Offer]:
        """What can be done for a selection.

        Raises:
            InputError: nothing, as there is no grammar for the document, or it is to be left alone.
        """
        survey = await self._survey(snapshot, style)
        return await asyncio.to_thread(survey.offers, start, end)

    async def write(  # noqa: PLR0917
        self,
        snapshot: DocumentSnapshot,
        extent: Extent,
        start: int,
        end: int,
        style: Style | None,
        on_sentence: OnSentence,
    ) -> Proposal:
        """Documentation, written and proven."""
        survey = await self._survey(snapshot, style)
        plans = await asyncio.to_thread(survey.plans, extent, start, end)
        on_sentence(0, sum(plan.num_slots for plan in plans))
        return await propose(survey.source, plans, await author_for(await self._client()), on_sentence)

    async def finish(self, snapshot: DocumentSnapshot, opening: Opening, style: Style | None) -> str | None:
        """The rest of documentation that has just been begun."""
        project = await self._project(snapshot)
        question = (snapshot.text, snapshot.language_id, snapshot.offset, opening, style, project)
        find = partial(_begun, snapshot, opening, project, style)
        try:
            found = await self._begun.outcome(document_key(snapshot.uri), question, find)
        except UnknownGrammarError:
            return None
        if found is None:
            return None
        rest = await finished(found, await author_for(await self._client()))
        is_wanted = rest is not None and await asyncio.to_thread(is_safe, found, rest)
        return rest if is_wanted else None

    def forget(self, uri: str) -> None:
        """Drops what is known of a closed document."""
        self._surveys.forget(document_key(uri))
        self._begun.forget(document_key(uri))

    async def _survey(self, snapshot: DocumentSnapshot, style: Style | None) -> Survey:
        """The parse of a document.

        Raises:
            NothingToDocumentError: it is to be left alone.
            UnknownGrammarError: there is no grammar for it, or it is too large.
        """
        refusal = refuse_document(snapshot)
        if self._finder.is_ignored(snapshot.uri):
            refusal = Refusal.IGNORED_FILE
        if refusal is not None:
            raise NothingToDocumentError(refusal.explanation, "Nothing is written in such a file.")
        project = await self._project(snapshot)
        question = (snapshot.text, snapshot.language_id, style, project)
        survey = partial(_survey, snapshot, project, style)
        return await self._surveys.outcome(document_key(snapshot.uri), question, survey)

    async def _project(self, snapshot: DocumentSnapshot) -> Surroundings:
        return await self._projects.around(snapshot.uri, self._references.readable_roots)

    @property
    def _finder(self) -> WorkspaceFinder:
        return self._references.finder()


def _survey(snapshot: DocumentSnapshot, project: Surroundings, style: Style | None) -> Survey:
    return Survey.of(Source.of(snapshot, project, style))


def _begun(
    snapshot: DocumentSnapshot, opening: Opening, project: Surroundings, style: Style | None
) -> Begun | None:
    return begun(snapshot, opening, lambda base: Source.of(base, project, style))

"""Documentation for open documents: what can be offered, what is written when it is asked for, what was just begun.

What takes long is done in threads, and what it needs is imported there the first time. A document is parsed once for
each of its texts, however often an editor asks what can be done at the cursor.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glm_lsp.docstring.dialect import STYLES, Style
from glm_lsp.errors import InputError, NothingToDocumentError, UnknownGrammarError
from glm_lsp.lsp.workspace_path import document_key
from glm_lsp.references.location import file_of

if TYPE_CHECKING:
    from glm_lsp.completion.documenting import Opening
    from glm_lsp.completion.snapshot import DocumentSnapshot
    from glm_lsp.docstring.author import Author
    from glm_lsp.docstring.begun import Begun
    from glm_lsp.docstring.detection import Surroundings
    from glm_lsp.docstring.docstrings import OnSentence, Proposal
    from glm_lsp.docstring.offer import Extent, Offer, Survey
    from glm_lsp.engine.client.client import EngineClient
    from glm_lsp.lsp.reference_notes import ReferenceNotes

_MODULES = (
    "glm_lsp.completion.placement",
    "glm_lsp.docstring.authors",
    "glm_lsp.docstring.begun",
    "glm_lsp.docstring.offer",
    "glm_lsp.docstring.project",
    "glm_lsp.references.finder",
)
_MAX_UNASKED_CHARS = 200_000
_CAPACITY = 4
"""Documents whose parse is kept."""
_PROJECT_HOLDS_S = 60.0
"""How long it is taken for granted how the rest of a project is written."""


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A document's parse, done or under way."""

    text: str
    language_id: str
    style: Style | None
    survey: asyncio.Future[Survey]

    def is_of(self, snapshot: DocumentSnapshot, style: Style | None) -> bool:
        """Whether it is what parsing a document now would give."""
        known = (self.style, self.language_id, self.text)
        return known == (style, snapshot.language_id, snapshot.text)


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
        self._parsed: OrderedDict[str, _Parsed] = OrderedDict()
        self._projects: dict[str, tuple[float, Surroundings]] = {}
        self._is_loaded = False

    async def offers(
        self, snapshot: DocumentSnapshot, start: int, end: int, *, is_by_hand: bool = True
    ) -> Sequence[Offer]:
        """What can be done for a selection, from `start` to `end`; no model is asked.

        Empty for documents that are to be left alone, in languages without a grammar, and in very long documents if
        it is not by hand that somebody asks: editors do at every move of the cursor.
        """
        if not is_by_hand and len(snapshot.text) > _MAX_UNASKED_CHARS:
            return ()
        try:
            survey = await self._survey(snapshot, self.style)
        except InputError:
            return ()
        if start == end:
            return survey.offers(start, end)
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
        survey = await self._survey(snapshot, style or self.style)
        plans = await asyncio.to_thread(survey.plans, extent, start, end)
        on_sentence(0, sum(plan.num_slots for plan in plans))
        author = await self._author()
        from glm_lsp.docstring.docstrings import propose  # noqa: PLC0415 - loaded with the survey

        return await propose(survey.source, plans, author, on_sentence)

    async def finish(self, snapshot: DocumentSnapshot, opening: Opening) -> str | None:
        """See `Documenter`: the rest of documentation that has just been begun."""
        project = await self._project(snapshot)
        style = self.style
        from glm_lsp.docstring.begun import begun, finished, is_safe  # noqa: PLC0415 - loaded by now
        from glm_lsp.docstring.docstrings import Source  # noqa: PLC0415

        def find() -> Begun | None:
            return begun(snapshot, opening, lambda base: Source.of(base, project, style))

        try:
            found = await asyncio.to_thread(find)
        except UnknownGrammarError:
            return None
        rest = None if found is None else await finished(found, await self._author())
        if found is None or rest is None or not await asyncio.to_thread(is_safe, found, rest):
            return None
        return rest

    def forget(self, uri: str) -> None:
        """Drops what is known of a closed document."""
        self._parsed.pop(document_key(uri), None)

    async def _survey(self, snapshot: DocumentSnapshot, style: Style | None) -> Survey:
        """The parse of a document, which several requests may wait for.

        Raises:
            NothingToDocumentError: it is to be left alone.
            UnknownGrammarError: there is no grammar for it, or it is too large.
        """
        if snapshot.language_id not in STYLES:
            raise UnknownGrammarError(f"there is no grammar for {snapshot.language_id or 'plain text'}")
        await self._load()
        self._refuse(snapshot)
        project = await self._project(snapshot)
        key = document_key(snapshot.uri)
        while (parsed := self._parsed.get(key)) is None or not parsed.is_of(snapshot, style):
            if parsed is not None and not parsed.survey.done():
                # One at a time: who asks about each text while typing gives up meanwhile.
                await asyncio.wait([parsed.survey])
                continue
            work = asyncio.ensure_future(asyncio.to_thread(_survey_of, snapshot, project, style))
            work.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._parsed[key] = _Parsed(snapshot.text, snapshot.language_id, style, work)
            if len(self._parsed) > _CAPACITY:
                self._parsed.popitem(last=False)
        self._parsed.move_to_end(key)
        # Who gives up does not take it from the others.
        return await asyncio.shield(parsed.survey)

    def _refuse(self, snapshot: DocumentSnapshot) -> None:
        from glm_lsp.completion.placement import Refusal, refuse_document  # noqa: PLC0415 - loaded by now

        refusal = refuse_document(snapshot)
        if self._references.finder().is_ignored(snapshot.uri):
            refusal = Refusal.IGNORED_FILE
        if refusal is not None:
            raise NothingToDocumentError(refusal.explanation, "Nothing is written in such a file.")

    async def _project(self, snapshot: DocumentSnapshot) -> Surroundings:
        """How the rest of the project is written; looked up in threads, and anew once a minute."""
        await self._load()
        from glm_lsp.docstring.detection import NoSurroundings  # noqa: PLC0415 - loaded by now
        from glm_lsp.docstring.project import ProjectFiles  # noqa: PLC0415

        path, roots = file_of(snapshot.uri), self._references.readable_roots
        if not path or not roots:
            return NoSurroundings()
        since, project = self._projects.get(path, (0.0, None))
        if project is None or time.monotonic() - since > _PROJECT_HOLDS_S:
            project = await asyncio.to_thread(ProjectFiles, Path(path), roots)
            if len(self._projects) >= _CAPACITY:
                self._projects.clear()
            self._projects[path] = time.monotonic(), project
        return project

    async def _author(self) -> Author:
        client = await self._client()
        from glm_lsp.docstring.authors import author_for  # noqa: PLC0415 - loaded by now

        return await author_for(client)

    async def _load(self) -> None:
        if not self._is_loaded:
            await asyncio.to_thread(_import_modules)
            self._is_loaded = True


def _import_modules() -> None:
    for module in _MODULES:
        importlib.import_module(module)


def _survey_of(snapshot: DocumentSnapshot, project: Surroundings, style: Style | None) -> Survey:
    from glm_lsp.docstring.docstrings import Source  # noqa: PLC0415 - loaded by now
    from glm_lsp.docstring.offer import Survey  # noqa: PLC0415

    return Survey.of(Source.of(snapshot, project, style))

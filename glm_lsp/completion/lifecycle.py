"""One request for a completion, from the frozen document to the texts that may be shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glm_lsp.completion.asking import Asking
from glm_lsp.completion.context import WindowBudget, make_window
from glm_lsp.completion.debounce import Debounce
from glm_lsp.completion.documenting import Documenter, opening_before
from glm_lsp.completion.other_files import NOTHING, ReferenceFinder
from glm_lsp.completion.outcome import Candidate, Outcome, Source, TokenCounts
from glm_lsp.completion.place import Place, place_of
from glm_lsp.completion.placement import Refusal, refuse_cursor, refuse_document
from glm_lsp.completion.preferences import Preferences
from glm_lsp.completion.running import TypedSince
from glm_lsp.completion.shown import Shown
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.completion.syntax_memory import SyntaxMemory
from glm_lsp.syntax.scope import Scope

if TYPE_CHECKING:
    from glm_lsp.engine.client.client import EngineClient

DEFAULTS = Preferences()
_MOST_AHEAD = 4


class Completer:
    """Answers requests of one front. Use it on one event loop; several requests may be under way.

    Args:
        engine: where the model runs.
        max_prompt_tokens: a smaller window than the model's context allows, where prefill is dear.
        debounce: how long to wait for the next key before the engine is asked unasked.
        finder: of what other files have to say; without one there is nothing.
        documenter: completes documentation that was just begun; without one that is text like any other.
        syntax: what is known of the documents' syntax; a memory of its own if left out.
    """

    def __init__(
        self,
        engine: EngineClient,
        *,
        max_prompt_tokens: int | None = None,
        debounce: Debounce | None = None,
        finder: ReferenceFinder | None = None,
        documenter: Documenter | None = None,
        syntax: SyntaxMemory | None = None,
    ) -> None:
        self.debounce = debounce or Debounce()
        self._max_prompt_tokens = max_prompt_tokens
        self._finder = finder
        self._documenter = documenter
        self._shown: dict[str, Shown] = {}
        self._syntax = syntax or SyntaxMemory()
        self._asking = Asking(engine, self.debounce, self._syntax)

    async def suggest(
        self,
        snapshot: DocumentSnapshot,
        *,
        candidates: int = 1,
        preferences: Preferences = DEFAULTS,
        since_key_s: float = 0.0,
    ) -> Outcome:
        """What may be shown at the cursor of a snapshot.

        Cancelling the awaiting task leaves the engine to a request that can use its answer; when there is none
        within a tenth of a second, the stream to it is closed.

        Args:
            snapshot: the document; the outcome is about this version of it and no other.
            candidates: how many to ask for, 1 to 8; the first is greedy, the others are sampled. More than one is
                what a person asks for by hand: nothing is held back then for being unlikely.
            preferences: what a person wants of suggestions.
            since_key_s: how long ago the document was last changed.

        Raises:
            GlmError: the engine cannot be reached or refused the request.
        """
        # 1 may there be a completion at all? Documentation as a whole goes where nothing else does.
        if refusal := self._refuse_document(snapshot):
            return Outcome(version=snapshot.version, offset=snapshot.offset, reason=refusal)
        if documentation := await self._documentation(snapshot, candidates, preferences):
            return documentation
        if refusal := refuse_cursor(snapshot):
            return Outcome(version=snapshot.version, offset=snapshot.offset, reason=refusal)
        # 2 what is on screen, as far as it still fits
        if typed_through := self._typed_through(snapshot, candidates, preferences):
            return typed_through
        # 3 does the person want one here?
        if candidates == 1 and (refusal := self._refuse_scope(snapshot, preferences)):
            return Outcome(version=snapshot.version, offset=snapshot.offset, reason=refusal)
        # 4 what the model says, now or before
        place = await self._place(snapshot, candidates, preferences)
        delay_s = self.debounce.delay_s(since_key_s) if candidates == 1 else 0.0
        outcome = self._asking.known(place) or await self._asking.ask(place, delay_s)
        if 1 < candidates > len(outcome.suggestions) and outcome.usage.num_completion_tokens:
            outcome = await self._asking.ask_for_more(place, outcome)
        self._remember(snapshot, outcome, candidates, preferences)
        return outcome

    async def look_ahead(
        self,
        snapshot: DocumentSnapshot,
        outcome: Outcome,
        *,
        preferences: Preferences = DEFAULTS,
    ) -> None:
        """Finds out what comes next if the first suggestion is taken, so that it is known by then.

        Meant for the time in which a person looks at the suggestion. The next request ends it, or joins it.

        Args:
            snapshot: what `suggest` was asked about.
            outcome: what it answered.
            preferences: as they will be in the request after taking it.

        Raises:
            GlmError: as `suggest`.
        """
        for _ in range(_MOST_AHEAD):
            if not outcome.suggestions:
                return
            taken, offset = outcome.suggestions[0].text, snapshot.offset
            text = snapshot.text[:offset] + taken + snapshot.text[offset:]
            snapshot = replace(snapshot, text=text, offset=offset + len(taken))
            if self._refuse_document(snapshot) or refuse_cursor(snapshot):
                return
            place = await self._place(snapshot, 1, preferences)
            known = self._asking.known(place)
            if known is None:
                await self._asking.ask(place, is_idle=True)
                return
            outcome = known

    async def warm(self, snapshot: DocumentSnapshot) -> TokenCounts:
        """Fills the engine's KV cache with the prompt that `suggest` would send; generates nothing.

        Raises:
            GlmError: as `suggest`.
        """
        if self._refuse_document(snapshot):
            return TokenCounts()
        place = await self._place(snapshot, 1, DEFAULTS)
        return await self._asking.warm(place)

    def edited(self, uri: str, typed_since: TypedSince) -> None:
        """Ends requests for a document that its new text has overtaken.

        Args:
            typed_since: what was typed at the cursor of a snapshot since; None if anything else happened.
        """
        self._asking.revise(uri, typed_since)

    def forget(self, uri: str) -> None:
        """Drops what is remembered of a document, when it is closed."""
        self._shown.pop(uri, None)
        self._asking.forget(uri)
        self._syntax.forget(uri)

    def _refuse_document(self, snapshot: DocumentSnapshot) -> Refusal | None:
        if self._finder is not None and self._finder.is_ignored(snapshot.uri):
            return Refusal.IGNORED_FILE
        return refuse_document(snapshot)

    async def _documentation(
        self, snapshot: DocumentSnapshot, candidates: int, preferences: Preferences
    ) -> Outcome | None:
        """The rest of documentation whose opening stands before the cursor; None where there is none to be had."""
        opening = opening_before(snapshot)
        if self._documenter is None or opening is None:
            return None
        is_welcome = preferences.policy.documents and opening.scope not in preferences.quiet_in
        if candidates == 1 and not is_welcome:
            return None
        shown = self._shown.get(snapshot.uri)
        is_known = shown is not None and shown.candidates[0].source is Source.DOCSTRING
        if is_known and (known := self._typed_through(snapshot, candidates, preferences)):
            return known
        text = await self._documenter.finish(snapshot, opening)
        if not text:
            return None
        candidate = Candidate(text=text, score=None, finish_reason="stop", source=Source.DOCSTRING)
        outcome = Outcome(
            version=snapshot.version,
            offset=snapshot.offset,
            suggestions=(candidate,),
            source=Source.DOCSTRING,
        )
        self._remember(snapshot, outcome, candidates, preferences)
        return outcome

    def _typed_through(
        self, snapshot: DocumentSnapshot, candidates: int, preferences: Preferences
    ) -> Outcome | None:
        shown = self._shown.get(snapshot.uri)
        if shown is None or shown.num_asked < candidates or shown.preferences != preferences:
            return None
        remainders = shown.remainders(snapshot)
        if not remainders:
            return None
        source = remainders[0].source
        return Outcome(
            version=snapshot.version, offset=snapshot.offset, suggestions=remainders, source=source
        )

    async def _place(
        self,
        snapshot: DocumentSnapshot,
        candidates: int,
        preferences: Preferences,
    ) -> Place:
        # what the model may see
        engine = await self._asking.describe()
        others = NOTHING
        if self._finder is not None:
            others = await self._finder.find(snapshot, engine.context_length, copies=engine.copies)
        budget = WindowBudget.for_context(
            engine.context_length,
            self._max_prompt_tokens,
            copies=engine.copies,
            reserved_chars=others.reserved_chars,
        )
        window = make_window(snapshot, budget)
        return place_of(snapshot, window, self._syntax.mode(snapshot), candidates, preferences, others)

    def _refuse_scope(self, snapshot: DocumentSnapshot, preferences: Preferences) -> Refusal | None:
        tree = self._syntax.tree(snapshot) if preferences.quiet_in else None
        scope = tree.scope_at(snapshot.offset) if tree else Scope.CODE
        if scope not in preferences.quiet_in:
            return None
        return Refusal.IN_COMMENT if scope is Scope.COMMENT else Refusal.IN_STRING

    def _remember(
        self, snapshot: DocumentSnapshot, outcome: Outcome, candidates: int, preferences: Preferences
    ) -> None:
        """Notes what is on screen now, unless a newer version of the document was answered meanwhile."""
        shown = self._shown.get(snapshot.uri)
        if outcome.suggestions and (shown is None or shown.version <= snapshot.version):
            self._shown[snapshot.uri] = Shown.of(snapshot, outcome.suggestions, candidates, preferences)

"""One request for a completion, from the frozen document to the texts that may be shown."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from glm_lsp.completion.cache import Answer, CompletionCache, Question
from glm_lsp.completion.collector import Collector
from glm_lsp.completion.context import Window, WindowBudget, make_window
from glm_lsp.completion.debounce import Debounce
from glm_lsp.completion.judge import is_cut_short, judge
from glm_lsp.completion.mode import Mode
from glm_lsp.completion.other_files import NOTHING, OtherFiles, ReferenceFinder
from glm_lsp.completion.outcome import Candidate, Judgement, Outcome, Source, TokenCounts
from glm_lsp.completion.placement import Refusal, refuse_cursor, refuse_document
from glm_lsp.completion.policy import SHOW_ALL, Policy
from glm_lsp.completion.postprocess import NOTHING_GENERATED
from glm_lsp.completion.preferences import Preferences
from glm_lsp.completion.prompt import LANGUAGE_NAMES
from glm_lsp.completion.reason import CANCELLED
from glm_lsp.completion.running import Run, Runs, TypedSince
from glm_lsp.completion.secret_files import is_secret_path
from glm_lsp.completion.shown import Shown
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.completion.surroundings import Surroundings
from glm_lsp.completion.syntax_memory import SyntaxMemory
from glm_lsp.engine.wire import CompletionRequest, GlmOptions, WireReference
from glm_lsp.errors import EngineLostError
from glm_lsp.syntax.scope import Scope

if TYPE_CHECKING:
    from glm_lsp.engine.client.client import EngineClient
    from glm_lsp.engine.description import EngineDescription

MAX_TOKENS = {Mode.LINE: 48, Mode.BLOCK: 128}
DEFAULTS = Preferences()
_TEMPERATURES = (0.8, 1.1)
"""Of the candidates besides the first; the second is for another try where too many were the same."""
_TOP_P = 0.95
_MOST_AHEAD = 4


@dataclass(frozen=True, slots=True)
class _Place:
    """All that is known of the cursor before anybody is asked.

    Attributes:
        request: what the engine would be asked.
        question: the same, for finding answers again.
    """

    snapshot: DocumentSnapshot
    window: Window
    others: OtherFiles
    policy: Policy
    request: CompletionRequest
    question: Question

    @property
    def surroundings(self) -> Surroundings:
        """What filters look at."""
        mode = self.request.glm.mode or Mode.BLOCK
        return Surroundings(window=self.window, mode=mode, language_id=self.snapshot.language_id)


class Completer:
    """Answers requests of one front. Use it on one event loop; several requests may be under way.

    Args:
        engine: where the model runs.
        max_prompt_tokens: a smaller window than the model's context allows, where prefill is dear.
        debounce: how long to wait for the next key before the engine is asked unasked.
        finder: of what other files have to say; without one there is nothing.
    """

    def __init__(
        self,
        engine: EngineClient,
        *,
        max_prompt_tokens: int | None = None,
        debounce: Debounce | None = None,
        finder: ReferenceFinder | None = None,
    ) -> None:
        self.debounce = debounce or Debounce()
        self._engine = engine
        self._max_prompt_tokens = max_prompt_tokens
        self._finder = finder
        self._description: EngineDescription | None = None
        self._shown: dict[str, Shown] = {}
        self._cache = CompletionCache()
        self._runs = Runs()
        self._syntax = SyntaxMemory()

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
                what a person asks for by hand: nothing is held back then that passes the filters.
            preferences: what a person wants of suggestions.
            since_key_s: how long ago the document was last changed.

        Raises:
            GlmError: the engine cannot be reached or refused the request.
        """
        # 1 may there be a completion at all?
        if refusal := self._refuse_document(snapshot) or refuse_cursor(snapshot):
            return Outcome(version=snapshot.version, offset=snapshot.offset, reason=refusal)
        # 2 what is on screen, as far as it still fits
        if typed_through := self._typed_through(snapshot, candidates):
            return typed_through
        # 3 does the person want one here?
        if candidates == 1 and (refusal := self._refuse_scope(snapshot, preferences)):
            return Outcome(version=snapshot.version, offset=snapshot.offset, reason=refusal)
        # 4 what the model says, now or before
        place = await self._place(snapshot, candidates, preferences)
        delay_s = self.debounce.delay_s(since_key_s) if candidates == 1 else 0.0
        outcome = self._known(place) or await self._ask(place, delay_s)
        if 1 < candidates > len(outcome.suggestions) and outcome.usage.num_completion_tokens:
            outcome = await self._ask_for_more(place, outcome)
        self._remember(snapshot, outcome, candidates)
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
            known = self._known(place)
            if known is None:
                await self._ask(place, is_idle=True)
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
        options = msgspec.structs.replace(place.request.glm, warm_up=True)
        collector = Collector()
        with self._minding_loss():
            await collector.read(self._engine.complete(msgspec.structs.replace(place.request, glm=options)))
        return collector.usage

    def edited(self, uri: str, typed_since: TypedSince) -> None:
        """Ends requests for a document that its new text has overtaken.

        Args:
            typed_since: what was typed at the cursor of a snapshot since; None if anything else happened.
        """
        self._runs.revise(uri, typed_since)

    def forget(self, uri: str) -> None:
        """Drops what is remembered of a document, when it is closed."""
        self._shown.pop(uri, None)
        self._cache.evict(uri)
        self._runs.end(uri)
        self._syntax.forget(uri)

    def _refuse_document(self, snapshot: DocumentSnapshot) -> Refusal | None:
        if self._finder is not None and self._finder.is_ignored(snapshot.uri):
            return Refusal.IGNORED_FILE
        return refuse_document(snapshot)

    def _typed_through(self, snapshot: DocumentSnapshot, candidates: int) -> Outcome | None:
        shown = self._shown.get(snapshot.uri)
        if shown is None or shown.num_asked < candidates:
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
    ) -> _Place:
        with self._minding_loss():
            self._description = self._description or await self._engine.describe()
        # what the model may see
        engine = self._description
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
        # who asks by hand gets all that passes the filters
        preferences = preferences if candidates == 1 else replace(preferences, policy=SHOW_ALL)
        mode = self._syntax.mode(snapshot)
        request = _request(snapshot, window, mode, candidates, preferences, others)
        question = Question.of(snapshot.uri, window.eol, request)
        return _Place(snapshot, window, others, preferences.policy, request, question)

    def _known(self, place: _Place) -> Outcome | None:
        """What the model has said before, as far as it still fits."""
        match = self._cache.match(place.question)
        if match is None:
            return None
        answer, typed = match
        if typed and not answer.is_enough(place.request.n, place.window.rest_of_line):
            return None
        outcome = self._judged(place, answer, Source.CACHE)
        return None if typed and is_cut_short(outcome.judgements[0]) else outcome

    async def _ask(self, place: _Place, delay_s: float = 0.0, *, is_idle: bool = False) -> Outcome:
        """What the model says, perhaps to a question of an earlier key."""
        question = place.question
        with self._minding_loss():
            earlier = None if is_idle else self._runs.take(question)
            if earlier is not None:
                if await earlier.wait(question) and (outcome := self._joined(place, earlier)):
                    return outcome
                earlier.cancel()
            run = self._start(place, delay_s, is_idle=is_idle)
            if not await run.wait(question):
                # a later request wanted something else
                return replace(_outcome(place, ()), reason=CANCELLED)
        return self._finished(place, run, run.answer, Source.MODEL)

    def _start(self, place: _Place, delay_s: float, *, is_idle: bool) -> Run:
        started = time.perf_counter() + delay_s

        def remember(run: Run) -> None:
            self._cache.insert(run.question, run.answer)
            if not is_idle:
                self.debounce.observe(time.perf_counter() - started)

        stream = partial(self._engine.complete, place.request)
        run = Run(place.question, place.snapshot, stream, remember, delay_s=delay_s, is_idle=is_idle)
        self._runs.add(run)
        return run

    def _joined(self, place: _Place, run: Run) -> Outcome | None:
        """What an earlier question's answer says to this one; None if that is not all the model would say."""
        typed = place.question.typed_since(run.question)
        answer = None if typed is None else run.answer.after(typed)
        if answer is None or not answer.is_enough(place.request.n, place.window.rest_of_line):
            return None
        outcome = self._finished(place, run, answer, Source.JOINED)
        return None if typed and is_cut_short(outcome.judgements[0]) else outcome

    def _finished(self, place: _Place, run: Run, answer: Answer, source: Source) -> Outcome:
        outcome = self._judged(place, answer, source)
        return replace(outcome, usage=run.collected.usage, timing_ms=run.collected.timing_ms)

    async def _ask_for_more(self, place: _Place, outcome: Outcome) -> Outcome:
        """Another round, less predictable, where too many candidates were the same."""
        request = msgspec.structs.replace(place.request, temperature=_TEMPERATURES[1], seed=place.request.n)
        question = Question(place.question.stem._replace(request=request), place.question.prefix)
        more = await self._ask(replace(place, request=request, question=question))
        judgements = outcome.judgements + more.judgements
        self._cache.insert(place.question, Answer(tuple(judgement.written for judgement in judgements)))
        merged = _outcome(place, judgements)
        usage = outcome.usage + more.usage
        return replace(merged, source=outcome.source, usage=usage, timing_ms=outcome.timing_ms)

    def _judged(self, place: _Place, answer: Answer, source: Source) -> Outcome:
        weights = self._description.confidence if self._description else None
        told = partial(judge, weights=weights, source=source)
        fits, around = partial(self._parses_no_worse, place.snapshot), place.surroundings
        judgements = (told(one, around, place.policy, fits) for one in answer.choices)
        return replace(_outcome(place, tuple(judgements)), source=source)

    def _refuse_scope(self, snapshot: DocumentSnapshot, preferences: Preferences) -> Refusal | None:
        tree = self._syntax.tree(snapshot) if preferences.quiet_in else None
        scope = tree.scope_at(snapshot.offset) if tree else Scope.CODE
        if scope not in preferences.quiet_in:
            return None
        return Refusal.IN_COMMENT if scope is Scope.COMMENT else Refusal.IN_STRING

    def _parses_no_worse(self, snapshot: DocumentSnapshot, text: str, is_whole: bool) -> bool:
        from glm_lsp.syntax.validity import parses_no_worse  # noqa: PLC0415 - with the parser

        tree = self._syntax.tree(snapshot)
        return tree is None or parses_no_worse(tree, snapshot.offset, text, is_whole=is_whole)

    def _remember(self, snapshot: DocumentSnapshot, outcome: Outcome, candidates: int) -> None:
        """Notes what is on screen now, unless a newer version of the document was answered meanwhile."""
        shown = self._shown.get(snapshot.uri)
        if outcome.suggestions and (shown is None or shown.version <= snapshot.version):
            self._shown[snapshot.uri] = Shown.of(snapshot, outcome.suggestions, candidates)

    @contextmanager
    def _minding_loss(self) -> Iterator[None]:
        """The engine that takes a lost one's place may serve another model."""
        try:
            yield
        except EngineLostError:
            self._description = None
            raise


def _outcome(place: _Place, judgements: tuple[Judgement, ...]) -> Outcome:
    unique: dict[str, Candidate] = {}
    for judgement in judgements:
        if judgement.candidate is not None:
            unique.setdefault(judgement.candidate.text.strip(), judgement.candidate)
    suggestions = tuple(unique.values())[: place.request.n]
    reasons = (judgement.reason for judgement in judgements)
    return Outcome(
        version=place.snapshot.version,
        offset=place.snapshot.offset,
        suggestions=suggestions,
        reason="" if suggestions else next(reasons, NOTHING_GENERATED),
        mode=place.request.glm.mode,
        judgements=judgements,
        surroundings=place.surroundings,
        policy=place.policy,
        others=place.others,
    )


def _request(  # noqa: PLR0917
    snapshot: DocumentSnapshot,
    window: Window,
    mode: Mode,
    candidates: int,
    preferences: Preferences,
    others: OtherFiles,
) -> CompletionRequest:
    return CompletionRequest(
        prompt=window.prefix,
        suffix=window.suffix,
        max_tokens=preferences.max_tokens or MAX_TOKENS[mode],
        n=candidates,
        # With several the engine makes the first one greedy; a fixed seed makes the others repeatable.
        temperature=_TEMPERATURES[0] if candidates > 1 else 0.0,
        top_p=_TOP_P if candidates > 1 else 1.0,
        seed=0 if candidates > 1 else None,
        stream=True,
        logprobs=0,
        glm=GlmOptions(
            path=snapshot.path,
            language=LANGUAGE_NAMES.get(snapshot.language_id, ""),
            mode=mode,
            rest_of_line=window.rest_of_line,
            text_before=others.looked_up + window.before,
            text_after=window.after,
            min_probability=preferences.policy.floor,
            references=tuple(
                WireReference(ref.path, ref.text) for ref in others.in_prompt if not is_secret_path(ref.path)
            ),
        ),
    )

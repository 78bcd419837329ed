"""What the model says at a place: now, at an earlier key, or as it is known from before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from glm_lsp.completion.cache import Answer, CompletionCache
from glm_lsp.completion.collector import Collector
from glm_lsp.completion.debounce import Debounce
from glm_lsp.completion.judge import is_cut_short, judge
from glm_lsp.completion.outcome import Candidate, Judgement, Outcome, Source, TokenCounts
from glm_lsp.completion.place import Place
from glm_lsp.completion.postprocess import NOTHING_GENERATED
from glm_lsp.completion.reason import CANCELLED
from glm_lsp.completion.running import Run, Runs, TypedSince
from glm_lsp.completion.syntax_memory import SyntaxMemory
from glm_lsp.errors import EngineLostError

if TYPE_CHECKING:
    from glm_lsp.engine.client.client import EngineClient
    from glm_lsp.engine.description import EngineDescription


class Asking:
    """An engine, its answers, and the requests under way. Use it on one event loop.

    Args:
        engine: where the model runs.
        debounce: learns how long answers take.
        syntax: of the documents asked about.
    """

    def __init__(self, engine: EngineClient, debounce: Debounce, syntax: SyntaxMemory) -> None:
        self._engine = engine
        self._debounce = debounce
        self._syntax = syntax
        self._description: EngineDescription | None = None
        self._cache = CompletionCache()
        self._runs = Runs()

    async def describe(self) -> EngineDescription:
        """The engine, asked once; again after it was lost.

        Raises:
            GlmError: it cannot be reached.
        """
        with self._minding_loss():
            self._description = self._description or await self._engine.describe()
        return self._description

    def known(self, place: Place) -> Outcome | None:
        """What the model has said before, as far as it still fits."""
        match = self._cache.match(place.question)
        if match is None:
            return None
        answer, typed = match
        if typed and not answer.is_enough(place.request.n, place.window.rest_of_line):
            return None
        outcome = self._judged(place, answer, Source.CACHE)
        return None if typed and is_cut_short(outcome.judgements[0]) else outcome

    async def ask(self, place: Place, delay_s: float = 0.0, *, is_idle: bool = False) -> Outcome:
        """What the model says, perhaps to a question of an earlier key.

        Args:
            place: where.
            delay_s: how long to wait for the next key first.
            is_idle: whether nobody waits for it, so that it makes way for who does.

        Raises:
            GlmError: the engine cannot be reached or refused the request.
        """
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

    def _start(self, place: Place, delay_s: float, *, is_idle: bool) -> Run:
        started = time.perf_counter() + delay_s

        def remember(run: Run) -> None:
            self._cache.insert(run.question, run.answer)
            if not is_idle:
                self._debounce.observe(time.perf_counter() - started)

        stream = partial(self._engine.complete, place.request)
        run = Run(place.question, place.snapshot, stream, remember, delay_s=delay_s, is_idle=is_idle)
        self._runs.add(run)
        return run

    def _joined(self, place: Place, run: Run) -> Outcome | None:
        """What an earlier question's answer says to this one; None if that is not all the model would say."""
        typed = place.question.typed_since(run.question)
        answer = None if typed is None else run.answer.after(typed)
        if answer is None or not answer.is_enough(place.request.n, place.window.rest_of_line):
            return None
        outcome = self._finished(place, run, answer, Source.JOINED)
        return None if typed and is_cut_short(outcome.judgements[0]) else outcome

    def _finished(self, place: Place, run: Run, answer: Answer, source: Source) -> Outcome:
        outcome = self._judged(place, answer, source)
        return replace(outcome, usage=run.collected.usage, timing_ms=run.collected.timing_ms)

    async def ask_for_more(self, place: Place, outcome: Outcome) -> Outcome:
        """An outcome with another round of candidates.

        Raises:
            GlmError: as `ask`.
        """
        more = await self.ask(place.for_more())
        judgements = outcome.judgements + more.judgements
        self._cache.insert(place.question, Answer(tuple(judgement.written for judgement in judgements)))
        merged = _outcome(place, judgements)
        usage = outcome.usage + more.usage
        return replace(merged, source=outcome.source, usage=usage, timing_ms=outcome.timing_ms)

    def _judged(self, place: Place, answer: Answer, source: Source) -> Outcome:
        weights = self._description.confidence if self._description else None
        told = partial(judge, weights=weights, source=source)
        fits, around = partial(self._parses_no_worse, place), place.surroundings
        judgements = (told(one, around, place.policy, fits) for one in answer.choices)
        return replace(_outcome(place, tuple(judgements)), source=source)

    async def warm(self, place: Place) -> TokenCounts:
        """Has the prompt of a place read and nothing written.

        Raises:
            GlmError: as `ask`.
        """
        options = msgspec.structs.replace(place.request.glm, warm_up=True)
        collector = Collector()
        with self._minding_loss():
            await collector.read(self._engine.complete(msgspec.structs.replace(place.request, glm=options)))
        return collector.usage

    def revise(self, uri: str, typed_since: TypedSince) -> None:
        """Ends requests for a document that its new text has overtaken; see `Runs.revise`."""
        self._runs.revise(uri, typed_since)

    def forget(self, uri: str) -> None:
        """Drops what is remembered of a document, and ends what is asked about it."""
        self._cache.evict(uri)
        self._runs.end(uri)

    def _parses_no_worse(self, place: Place, text: str, is_whole: bool) -> bool:
        is_strict = place.policy.is_strict
        return self._syntax.parses_no_worse(place.snapshot, text, is_whole=is_whole, is_strict=is_strict)

    @contextmanager
    def _minding_loss(self) -> Iterator[None]:
        """The engine that takes a lost one's place may serve another model."""
        try:
            yield
        except EngineLostError:
            self._description = None
            raise


def _outcome(place: Place, judgements: tuple[Judgement, ...]) -> Outcome:
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

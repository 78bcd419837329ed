"""One request for a completion, from the frozen document to the texts that may be shown."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from glm_lsp.completion.cache import CacheKey, CompletionCache
from glm_lsp.completion.collector import Collected, Written, collect
from glm_lsp.completion.context import Window, WindowBudget, make_window
from glm_lsp.completion.mode import Mode, choose_mode
from glm_lsp.completion.outcome import Candidate, Outcome, Source, TokenCounts
from glm_lsp.completion.placement import refuse, refuse_document
from glm_lsp.completion.postprocess import NOTHING_GENERATED, postprocess
from glm_lsp.completion.prompt import LANGUAGE_NAMES, Reference
from glm_lsp.completion.reason import BELOW_THRESHOLD, CANCELLED
from glm_lsp.completion.secret_files import is_secret_path
from glm_lsp.completion.shown import Shown
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.completion.surroundings import Surroundings
from glm_lsp.engine.wire import CompletionRequest, GlmOptions, WireReference
from glm_lsp.errors import EngineLostError

if TYPE_CHECKING:
    from glm_lsp.engine.client.client import EngineClient

MAX_TOKENS = {Mode.LINE: 48, Mode.BLOCK: 128}
_TEMPERATURE = 0.8
_TOP_P = 0.95
_SEED = 0


class Completer:
    """Answers requests of one front. Use it on one event loop; several requests may be under way.

    Args:
        engine: where the model runs.
        max_prompt_tokens: a smaller window than the model's context allows, where prefill is dear.
        min_score: candidates with a lower `Candidate.score` are not shown.
    """

    def __init__(
        self, engine: EngineClient, *, max_prompt_tokens: int | None = None, min_score: float = 0.0
    ) -> None:
        self._engine = engine
        self._max_prompt_tokens = max_prompt_tokens
        self._min_score = min_score
        self._budget: WindowBudget | None = None
        self._shown: dict[str, Shown] = {}
        self._cache = CompletionCache()

    async def suggest(
        self,
        snapshot: DocumentSnapshot,
        *,
        candidates: int = 1,
        max_tokens: int | None = None,
        references: tuple[Reference, ...] = (),
    ) -> Outcome:
        """What may be shown at the cursor of a snapshot.

        Cancelling the awaiting task closes the stream to the engine at once, and nothing is remembered.

        Args:
            snapshot: the document; the outcome is about this version of it and no other.
            candidates: how many to ask for, 1 to 8; the first is greedy, the others are sampled.
            max_tokens: most tokens of each; by default 48 for a line, 128 for a block.
            references: pieces of other files, oldest first; those of secret files are left out.

        Raises:
            GlmError: the engine cannot be reached or refused the request.
        """
        # 1 may there be a completion at all?
        if refusal := refuse(snapshot):
            return Outcome(version=snapshot.version, offset=snapshot.offset, reason=refusal)
        # 2 what is on screen, as far as it still fits
        if typed_through := self._typed_through(snapshot, candidates):
            return typed_through
        # 3 what the model says, now or before
        outcome = await self._answer(snapshot, candidates, max_tokens, references)
        self._remember(snapshot, outcome, candidates)
        return outcome

    async def look_ahead(
        self,
        snapshot: DocumentSnapshot,
        outcome: Outcome,
        *,
        max_tokens: int | None = None,
        references: tuple[Reference, ...] = (),
    ) -> None:
        """Finds out what comes next if the first suggestion is taken, so that it is known by then.

        Meant for the time in which a person looks at the suggestion; cancel it when they ask for something else.

        Args:
            snapshot: what `suggest` was asked about.
            outcome: what it answered.
            max_tokens: as they will be in the request after taking it; likewise `references`.

        Raises:
            GlmError: as `suggest`.
        """
        if not outcome.suggestions:
            return
        taken, offset = outcome.suggestions[0].text, snapshot.offset
        text = snapshot.text[:offset] + taken + snapshot.text[offset:]
        then = replace(snapshot, text=text, offset=offset + len(taken))
        if not refuse(then):
            await self._answer(then, 1, max_tokens, references)

    async def warm(self, snapshot: DocumentSnapshot, references: tuple[Reference, ...] = ()) -> TokenCounts:
        """Fills the engine's KV cache with the prompt that `suggest` would send; generates nothing.

        Raises:
            GlmError: as `suggest`.
        """
        if refuse_document(snapshot):
            return TokenCounts()
        window = make_window(snapshot, await self._window_budget())
        request = _request(snapshot, window, 1, None, references)
        options = msgspec.structs.replace(request.glm, warm_up=True)
        collected = await self._collect(msgspec.structs.replace(request, glm=options))
        return collected.usage

    def forget(self, uri: str) -> None:
        """Drops what is remembered of a document, when it is closed."""
        self._shown.pop(uri, None)
        self._cache.evict(uri)

    async def _answer(
        self,
        snapshot: DocumentSnapshot,
        candidates: int,
        max_tokens: int | None,
        references: tuple[Reference, ...],
    ) -> Outcome:
        """The model's answer, from the cache if it has said so before."""
        # what the model may see
        window = make_window(snapshot, await self._window_budget())
        # the request, whose answer may be known
        request = _request(snapshot, window, candidates, max_tokens, references)
        key = CacheKey.of(snapshot.uri, window.eol, request)
        if (outcome := self._cached(snapshot, key)) is not None:
            return outcome
        collected = await self._collect(request)
        # what of the model's text may be shown
        outcome = self._judge(snapshot, window, request, collected)
        if not collected.is_cancelled:
            self._cache.insert(key, outcome)
        return outcome

    def _typed_through(self, snapshot: DocumentSnapshot, candidates: int) -> Outcome | None:
        shown = self._shown.get(snapshot.uri)
        if shown is None or shown.num_asked < candidates:
            return None
        remainders = shown.remainders(snapshot)
        if not remainders:
            return None
        return Outcome(version=snapshot.version, offset=snapshot.offset, suggestions=remainders)

    def _cached(self, snapshot: DocumentSnapshot, key: CacheKey) -> Outcome | None:
        outcome = self._cache.match(key)
        if outcome is None:
            return None
        suggestions = tuple(replace(candidate, source=Source.CACHE) for candidate in outcome.suggestions)
        return replace(
            outcome,
            version=snapshot.version,
            offset=snapshot.offset,
            suggestions=suggestions,
            usage=TokenCounts(),
            timing_ms=None,
        )

    def _remember(self, snapshot: DocumentSnapshot, outcome: Outcome, candidates: int) -> None:
        """Notes what is on screen now, unless a newer version of the document was answered meanwhile."""
        shown = self._shown.get(snapshot.uri)
        if outcome.suggestions and (shown is None or shown.version <= snapshot.version):
            self._shown[snapshot.uri] = Shown.of(snapshot, outcome.suggestions, candidates)

    async def _window_budget(self) -> WindowBudget:
        if self._budget is None:
            engine = await self._engine.describe()
            self._budget = WindowBudget.for_context(
                engine.context_length, self._max_prompt_tokens, copies=engine.copies
            )
        return self._budget

    async def _collect(self, request: CompletionRequest) -> Collected:
        try:
            return await collect(self._engine.complete(request))
        except EngineLostError:
            self._budget = None  # the one that takes its place may serve another model
            raise

    def _judge(
        self, snapshot: DocumentSnapshot, window: Window, request: CompletionRequest, collected: Collected
    ) -> Outcome:
        mode = request.glm.mode or Mode.BLOCK
        around = Surroundings(window=window, mode=mode, language_id=snapshot.language_id)
        judged = [self._candidate(written, around) for written in collected.choices]
        unique: dict[str, Candidate] = {}
        for candidate in judged:
            if isinstance(candidate, Candidate):
                unique.setdefault(candidate.text.strip(), candidate)
        reasons = [reason for reason in judged if isinstance(reason, str)]
        return Outcome(
            version=snapshot.version,
            offset=snapshot.offset,
            suggestions=tuple(unique.values()),
            reason="" if unique else next(iter(reasons), NOTHING_GENERATED),
            mode=mode,
            usage=collected.usage,
            timing_ms=collected.timing_ms,
            generated=tuple(written.text for written in collected.choices),
            surroundings=around,
        )

    def _candidate(self, written: Written, around: Surroundings) -> Candidate | str:
        """The candidate, or the reason why the text is not shown."""
        suggestion = postprocess(_whole_lines(written, around.mode), around)
        if not suggestion.text:
            is_cancelled = written.finish_reason == "cancelled" and not written.text
            return CANCELLED if is_cancelled else suggestion.reason
        scored = written.log_probability(suggestion.text.replace(around.window.eol, "\n"))
        score = math.exp(scored[0] / scored[1]) if scored else None
        if score is not None and score < self._min_score:
            return BELOW_THRESHOLD
        return Candidate(
            text=suggestion.text,
            score=score,
            probability=math.exp(scored[0]) if scored else None,
            finish_reason=written.finish_reason,
        )


def _whole_lines(written: Written, mode: Mode) -> str:
    """The text without its last line if that was broken off for its length; a first line stays as it is."""
    is_torn = written.finish_reason == "length" and mode is Mode.BLOCK and "\n" in written.text.strip()
    return written.text[: written.text.rfind("\n")] if is_torn else written.text


def _request(
    snapshot: DocumentSnapshot,
    window: Window,
    candidates: int,
    max_tokens: int | None,
    references: tuple[Reference, ...],
) -> CompletionRequest:
    mode = choose_mode(snapshot)
    return CompletionRequest(
        prompt=window.prefix,
        suffix=window.suffix,
        max_tokens=MAX_TOKENS[mode] if max_tokens is None else max_tokens,
        n=candidates,
        # With several the engine makes the first one greedy; a fixed seed makes the others repeatable.
        temperature=_TEMPERATURE if candidates > 1 else 0.0,
        top_p=_TOP_P if candidates > 1 else 1.0,
        seed=_SEED if candidates > 1 else None,
        stream=True,
        logprobs=0,
        glm=GlmOptions(
            path=snapshot.path,
            language=LANGUAGE_NAMES.get(snapshot.language_id, ""),
            mode=mode,
            rest_of_line=window.rest_of_line,
            text_before=window.before,
            text_after=window.after,
            references=tuple(
                WireReference(ref.path, ref.text) for ref in references if not is_secret_path(ref.path)
            ),
        ),
    )

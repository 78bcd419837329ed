"""One request's way through the model: prompt, KV slot, prefill, decoding. All of it runs on the engine's thread."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from dataclasses import dataclass

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.stop import StopRule, stop_rule
from glm_lsp.engine.answer import Answer
from glm_lsp.engine.chat_encoder import ChatEncoder
from glm_lsp.engine.choosing import Token
from glm_lsp.engine.copying import Copier
from glm_lsp.engine.draft_record import DraftRecord
from glm_lsp.engine.drafting import Speculator
from glm_lsp.engine.generation import CancelledError, Scored, decode, keep, prefill
from glm_lsp.engine.healing import Healing, VocabularyIndex
from glm_lsp.engine.job import Job, Stopwatch
from glm_lsp.engine.outbox import Outbox
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.session import Session
from glm_lsp.engine.slots import KVSlot, SlotPool
from glm_lsp.engine.step_costs import StepCosts, TimedSession
from glm_lsp.engine.text_lookup import TextLookup
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import (
    CompletionRequest,
    FinishReason,
    GlmReport,
    Logprobs,
    PromptTokensDetails,
    Usage,
)
from glm_lsp.engine.writing import Writer, Writers
from glm_lsp.errors import TokenizerError
from glm_lsp.models.store import ModelFolder

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Work:
    """A job in hand."""

    job: Job
    watch: Stopwatch
    outbox: Outbox
    slot: KVSlot
    num_prompt: int
    healing: Healing | None
    lookup: TextLookup

    @property
    def request(self) -> CompletionRequest:
        return self.job.request

    @property
    def pending(self) -> bytes:
        """What the answer has to write again."""
        return self.healing.remaining if self.healing else b""

    def cancelled(self) -> bool:
        return self.job.cancelled


class Worker:
    """Serves one job after the other.

    Args:
        session: the model.
        model: its name.
        num_slots: texts whose keys and values are kept.
        copier: gives the text around a say in what comes next.
        speculator: guesses ahead, which changes the time an answer takes and nothing else.
        costs: what steps cost, measured from now on; the speculator's own.

    Attributes:
        counters: totals since the start: requests, runs of the model, tokens by kind, cancellations, errors, seconds
            by phase.
    """

    def __init__(
        self,
        session: Session,
        tokenizer: SourceTokenizer,
        encoder: PromptEncoder,
        *,
        model: str = "",
        num_slots: int = 1,
        copier: Copier | None = None,
        speculator: Speculator | None = None,
        costs: StepCosts | None = None,
    ) -> None:
        self.counters: defaultdict[str, float] = defaultdict(float)
        self._costs = costs or StepCosts()
        self._session = TimedSession(session, self._costs)
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._model = model
        self._slots = SlotPool(self._session, num_slots)
        self._end_ids = tokenizer.special_ids
        self._writers = Writers(encoder, copier, speculator)

    @classmethod
    def load(
        cls, folder: ModelFolder, session: Session, *, num_slots: int = 1, speculates: bool = True
    ) -> Worker:
        """A worker for a session of a model folder; several may share one session, as long as one thread runs all.

        Raises:
            ModelError: the tokenizer cannot be read or does not fit the model's profile.
        """
        manifest = folder.manifest
        tokenizer = SourceTokenizer.open(folder.tokenizer_path)
        context = min(manifest.context_length, session.capacity)
        encoder = PromptEncoder(tokenizer, manifest.prompt_profile, context, manifest.healing)
        vocabulary = encoder.vocabulary or _vocabulary(tokenizer)
        copier = speculator = None
        if vocabulary and manifest.copying:
            copier = Copier(vocabulary, manifest.copying, tokenizer.special_ids)
        costs = StepCosts()
        if vocabulary and speculates and tokenizer.special_ids:
            speculator = Speculator(
                vocabulary, tokenizer.special_ids, DraftRecord(costs, session.step_widths)
            )
        return cls(
            session,
            tokenizer,
            encoder,
            model=manifest.name,
            num_slots=num_slots,
            copier=copier,
            speculator=speculator,
            costs=costs,
        )

    def chat_encoder(self, template: str) -> ChatEncoder:
        """What renders dialogues for this model; any thread may use it.

        Raises:
            TokenizerError: the template is unknown or does not fit the tokenizer.
        """
        return ChatEncoder(self._tokenizer, template, self._encoder.budget)

    @property
    def context_length(self) -> int:
        """Most tokens of prompt and completion together."""
        return self._encoder.context_length

    def serve(self, job: Job) -> None:
        """Works a job off; its listener gets all chunks.

        Raises:
            GlmError: the request cannot be served; the slots stay usable.
        """
        watch, outbox = Stopwatch(job.arrived), Outbox(job, self._model, self._costs.step_s)
        watch.lap("queue")
        if job.cancelled:
            # Withdrawn while it waited: not worth tokenizing.
            self._close_choice(outbox, 0, "cancelled")
            self._report(job, outbox, watch, 0, 0, 0)
            return
        token_ids, healing = self._encoder.encode_healed(job.request)
        lookup = TextLookup(self._writers.texts(job.request, token_ids))
        watch.lap("tokenize")
        if job.request.glm.warm_up and self._session.inseparable(token_ids):
            # Read in both directions: the next keystroke would make it worthless.
            self._report(job, outbox, watch, len(token_ids), 0, 0)
            return
        slot, num_cached = self._slots.take(token_ids)
        work = _Work(job, watch, outbox, slot, len(token_ids), healing, lookup)
        num_completion = self._run(work, token_ids[num_cached:])
        self._report(job, outbox, watch, len(token_ids), num_cached, num_completion)

    def _run(self, work: _Work, new_ids: list[int]) -> int:
        """Prefill and all choices; returns the number of tokens generated."""
        request = work.request
        writer = None if request.glm.warm_up else self._writer(work, 0)
        drafter = writer.drafter if writer else None
        try:
            scored = prefill(
                self._session,
                work.slot,
                new_ids,
                work.cancelled,
                want_logits=bool(work.healing),
                drafted=drafter.draft(request.max_tokens - 1) if drafter else [],
            )
        except CancelledError:
            work.watch.lap("prefill")
            self._close_choice(work.outbox, 0, "cancelled")
            return 0
        work.watch.lap("prefill")
        if writer is None:
            return 0
        # Every choice starts from the same prompt; the first is greedy. What was guessed for it is overwritten by it.
        later = Scored(keep(scored.scores.row(0))) if request.n > 1 else scored
        num_completion = 0
        for index in range(request.n):
            if index:
                work.slot.rewind(work.num_prompt)
                scored, writer = later, self._writer(work, index)
            num_generated, reason = self._choice(work, index, scored, writer)
            num_completion += num_generated
            if reason == "cancelled":
                break
        return num_completion

    def _choice(self, work: _Work, index: int, scored: Scored, writer: Writer) -> tuple[int, FinishReason]:
        """Decodes one choice; returns how many tokens it took and why it ended."""
        request = work.request
        skip, trims = len(work.pending.decode()), request.glm.trim_start
        answer = Answer(self._tokenizer, self._stop_rule(request), skip, trims=trims)
        reason: FinishReason = "length"
        token_ids: list[int] = []
        lowest, total = _log(request.glm.min_probability), 0.0
        try:
            for token in decode(
                self._session,
                work.slot,
                scored,
                writer.chooser,
                request.max_tokens,
                work.cancelled,
                writer.drafter,
            ):
                token_ids.append(token.token_id)
                if token.is_new:
                    work.watch.first_token()
                if token.token_id in self._end_ids:
                    reason = "stop"
                    break
                logprobs = self._logprobs(token, request.logprobs) if token.is_new else None
                work.outbox.add(index, answer.push(token.token_id), logprobs)
                if answer.stopped:
                    reason = "stop"
                    break
                total += token.logprob
                if total < lowest:
                    reason = "unsure"
                    break
        except CancelledError:
            reason = "cancelled"
        work.watch.lap("decode")
        self._writers.finish(writer, work.slot, work.lookup, work.healing, token_ids)
        self._close_choice(work.outbox, index, reason, answer.finish())
        return len(token_ids), reason

    def _writer(self, work: _Work, index: int) -> Writer:
        return self._writers.start(work.request, index, work.lookup, work.healing, work.slot)

    def _stop_rule(self, request: CompletionRequest) -> StopRule:
        strings = request.stop_strings
        if request.is_raw:
            return stop_rule(None, request.prompt_text, request.glm.rest_of_line, request.suffix, strings)
        mode, strings = request.glm.mode or Mode.BLOCK, strings + self._encoder.stop_strings
        return stop_rule(mode, request.prompt_text, request.glm.rest_of_line, request.suffix, strings)

    def _logprobs(self, token: Token, num_top: int | None) -> Logprobs | None:
        if num_top is None:
            return None
        text, old = self._tokenizer.token_text, token.num_old_bytes
        shown = ((text(token_id, skip_bytes=old), value) for token_id, value in token.top[:num_top])
        named = {name: round(value, 5) for name, value in shown if name or not old}
        chosen = text(token.token_id, skip_bytes=old)
        return Logprobs([chosen], [round(token.logprob, 5)], [named] if num_top else None)

    def _close_choice(self, outbox: Outbox, index: int, reason: FinishReason, text: str = "") -> None:
        self.counters[f"finish_{reason}"] += 1
        outbox.close_choice(index, reason, text)

    def _report(  # noqa: PLR0917
        self,
        job: Job,
        outbox: Outbox,
        watch: Stopwatch,
        num_prompt: int,
        num_cached: int,
        num_completion: int,
    ) -> None:
        usage = Usage(
            prompt_tokens=num_prompt,
            completion_tokens=num_completion,
            total_tokens=num_prompt + num_completion,
            prompt_tokens_details=PromptTokensDetails(cached_tokens=num_cached),
        )
        timing = watch.timing()
        for name, amount in (
            ("requests", 1), ("prompt_tokens", num_prompt), ("cached_tokens", num_cached),
            ("completion_tokens", num_completion), ("prefill_seconds", timing.prefill / 1e3),
            ("decode_seconds", timing.decode / 1e3),
        ):  # fmt: skip
            self.counters[name] += amount
        if self._writers.speculator is not None:
            self.counters["guessed_tokens"] = self._writers.speculator.record.num_accepted
        self.counters["runs"] = self._costs.num_runs
        logger.info(
            "%s prompt=%d cached=%d new=%d total_ms=%.1f",
            job.id, num_prompt, num_cached, num_completion, timing.total,
        )  # fmt: skip
        outbox.report(usage, GlmReport(timing_ms=timing))


def _log(probability: float) -> float:
    return math.log(probability) if probability > 0 else -math.inf


def _vocabulary(tokenizer: SourceTokenizer) -> VocabularyIndex | None:
    try:
        return VocabularyIndex(tokenizer.byte_vocabulary())
    except TokenizerError:
        return None  # its tokens are no bytes; nothing is guessed then

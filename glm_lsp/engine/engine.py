"""The engine: one thread that owns the session and all KV memory and works off completion requests in order."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from types import TracebackType

import glm_lsp
from glm_lsp.completion.mode import Mode
from glm_lsp.completion.stop import StopRule, stop_rule
from glm_lsp.engine.answer import Answer
from glm_lsp.engine.copying import Copier, Copying
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.generation import CancelledError, Token, decode, keep, prefill
from glm_lsp.engine.healing import Healing, VocabularyIndex
from glm_lsp.engine.job import Event, Job, OnEvent, Stopwatch
from glm_lsp.engine.onnx_session import Device, OnnxSession
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.sampler import SamplingParams, make_sampler
from glm_lsp.engine.session import Scores, Session
from glm_lsp.engine.slots import KVSlot, SlotPool
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import (
    Choice,
    CompletionChunk,
    CompletionRequest,
    FinishReason,
    GlmReport,
    Logprobs,
    PromptTokensDetails,
    Usage,
)
from glm_lsp.errors import EngineError, GlmError
from glm_lsp.models.store import ModelFolder

logger = logging.getLogger(__name__)


class Engine:
    """Serves one model. All methods may be called from any thread."""

    def __init__(
        self,
        session: Session,
        tokenizer: SourceTokenizer,
        encoder: PromptEncoder,
        description: EngineDescription,
        copier: Copier | None = None,
    ) -> None:
        """`copier` makes the text around have a say in what comes next."""
        self._description = description
        self._session = session
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._slots = SlotPool(session, description.num_slots)
        self._end_ids = tokenizer.special_ids
        self._copier = copier
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._numbers = count(1)
        self._counters: defaultdict[str, float] = defaultdict(float)
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    @classmethod
    def load(
        cls, folder: ModelFolder, *, device: Device = "auto", threads: int | None = None, max_slots: int = 3
    ) -> Engine:
        """Checks and opens a model folder.

        Args:
            folder: from `ModelStore.resolve`.
            device: where to run; "auto" is the CPU in this version.
            threads: for one run; a default fit for the machine when omitted.
            max_slots: files whose KV cache is kept.

        Raises:
            ModelError: the folder is damaged or its tokenizer does not fit its profile.
            RuntimeLibraryError: ONNX Runtime or the device cannot be used.
        """
        manifest = folder.manifest
        tokenizer = SourceTokenizer.open(folder.tokenizer_path)
        session = OnnxSession.open(folder, device=device, threads=threads)
        context = min(manifest.context_length, session.capacity)
        encoder = PromptEncoder(tokenizer, manifest.prompt_profile, context, manifest.healing)
        description = EngineDescription(
            model=manifest.name,
            model_hash=folder.hash,
            version=glm_lsp.__version__,
            profile=manifest.prompt_profile,
            precision=manifest.precision,
            context_length=context,
            copies=manifest.copying is not None,
            num_slots=max_slots,
            device="cpu",
            threads=session.threads,
            pid=os.getpid(),
            started_at=time.time(),
        )
        copier = None
        if manifest.copying:
            copier = Copier(
                encoder.vocabulary or VocabularyIndex(tokenizer.byte_vocabulary()),
                manifest.copying,
                tokenizer.special_ids,
            )
        return cls(session, tokenizer, encoder, description, copier)

    def submit(self, request: CompletionRequest, on_event: OnEvent) -> Job:
        """Queues a request.

        `on_event` runs on the engine's thread: text chunks, a closing chunk for each choice, and last a chunk
        without choices that carries usage and timing; or one `GlmError`, after which nothing follows.
        """
        job = Job(next(self._numbers), request, on_event)
        if self._closed:
            on_event(EngineError("the engine is closed"))
        else:
            self._jobs.put(job)
        return job

    def complete(self, request: CompletionRequest) -> Iterator[CompletionChunk]:
        """The chunks of one request, for callers in the same process; closing the iterator cancels.

        Raises:
            GlmError: as the engine reports it.
        """
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        job = self.submit(request, events.put)
        try:
            while True:
                event = events.get()
                if isinstance(event, GlmError):
                    raise event
                yield event
                if event.usage is not None:
                    return
        finally:
            job.cancel()

    def describe(self) -> EngineDescription:
        """What this engine serves, and how."""
        return self._description

    def counters(self) -> dict[str, float]:
        """Totals since the start: requests, tokens by kind, cancellations, errors, seconds by phase."""
        return dict(self._counters)

    def close(self) -> None:
        """Answers what is queued with an error and ends the thread."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join(timeout=10)

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                if self._closed:
                    raise EngineError("the engine is closed")
                self._serve(job)
            except GlmError as error:
                self._counters["errors"] += 1
                job.on_event(error)
            except Exception as error:
                # An exception's message could quote the prompt, so only its kind and place are logged.
                place = traceback.extract_tb(error.__traceback__)[-1]
                kind = type(error).__name__
                logger.error("%s failed: %s at %s:%s", job.id, kind, place.filename, place.lineno)
                self._counters["errors"] += 1
                job.on_event(EngineError(f"the engine failed on this request ({type(error).__name__})"))

    def _serve(self, job: Job) -> None:
        watch = Stopwatch(job.arrived)
        watch.lap("queue")
        if job.cancelled:
            # Withdrawn while it waited: not worth tokenizing.
            self._close_choice(job, 0, "cancelled")
            self._report(job, watch, num_prompt=0, num_cached=0, num_completion=0)
            return
        token_ids, healing = self._encoder.encode_healed(job.request)
        watch.lap("tokenize")
        slot, num_cached = self._slots.take(token_ids)
        num_completion = 0
        try:
            prompt = token_ids[num_cached:]
            scores = prefill(self._session, slot, prompt, lambda: job.cancelled, want_logits=bool(healing))
            watch.lap("prefill")
            if not job.request.glm.warm_up:
                copying = self._copying(job.request, healing)
                num_completion = self._choices(job, watch, slot, scores, healing, copying)
        except CancelledError:
            watch.lap("prefill")
            self._close_choice(job, 0, "cancelled")
        self._report(
            job, watch, num_prompt=len(token_ids), num_cached=num_cached, num_completion=num_completion
        )

    def _copying(self, request: CompletionRequest, healing: Healing | None) -> Copying | None:
        if self._copier is None or request.is_raw:
            return None
        return self._copier.start(
            request.lookup_texts(),
            within_line=request.glm.mode is Mode.LINE,
            num_pending=len(healing.remaining) if healing else 0,
        )

    def _choices(  # noqa: PLR0917
        self,
        job: Job,
        watch: Stopwatch,
        slot: KVSlot,
        scores: Scores,
        healing: Healing | None,
        copying: Copying | None,
    ) -> int:
        """Runs every choice from the same prompt; the first is greedy when several are asked for."""
        prompt_scores, num_prompt = keep(scores), slot.num_tokens
        num_old = len(healing.remaining.decode()) if healing else 0
        num_completion = 0
        for index in range(job.request.n):
            slot.rewind(num_prompt)
            generated = 0
            reason: FinishReason = "length"
            answer = Answer(self._tokenizer, self._stop_rule(job.request), num_old)
            try:
                for token in decode(
                    self._session, slot, prompt_scores, make_sampler(self._sampling(job.request, index)),
                    job.request.max_tokens, lambda: job.cancelled, healing, copying,
                ):  # fmt: skip
                    generated += 1
                    if token.is_new:
                        watch.first_token()
                    if token.token_id in self._end_ids:
                        reason = "stop"
                        break
                    self._send_text(job, index, answer.push(token.token_id), token)
                    if answer.stopped:
                        reason = "stop"
                        break
            except CancelledError:
                reason = "cancelled"
            watch.lap("decode")
            num_completion += generated
            self._close_choice(job, index, reason, answer.finish())
            if reason == "cancelled":
                break
        return num_completion

    @staticmethod
    def _sampling(request: CompletionRequest, index: int) -> SamplingParams:
        if request.n > 1 and index == 0:
            return SamplingParams()
        seed = None if request.seed is None else request.seed + index
        return SamplingParams(
            temperature=request.temperature, top_k=request.top_k, top_p=request.top_p, seed=seed
        )

    @staticmethod
    def _stop_rule(request: CompletionRequest) -> StopRule:
        mode = None if request.is_raw else request.glm.mode or Mode.BLOCK
        return stop_rule(
            mode, request.prompt_text, request.glm.rest_of_line, request.suffix, request.stop_strings
        )

    def _send_text(self, job: Job, index: int, text: str, token: Token) -> None:
        logprobs = self._logprobs(token, job.request.logprobs) if token.is_new else None
        if text or logprobs:
            job.on_event(self._chunk(job, [Choice(index=index, text=text, logprobs=logprobs)]))

    def _logprobs(self, token: Token, num_top: int | None) -> Logprobs | None:
        if num_top is None:
            return None
        text, old = self._tokenizer.token_text, token.num_old_bytes
        shown = ((text(token_id, skip_bytes=old), value) for token_id, value in token.top[:num_top])
        named = {name: round(value, 5) for name, value in shown if name or not old}
        chosen = text(token.token_id, skip_bytes=old)
        return Logprobs([chosen], [round(token.logprob, 5)], [named] if num_top else None)

    def _close_choice(self, job: Job, index: int, reason: FinishReason, text: str = "") -> None:
        self._counters[f"finish_{reason}"] += 1
        job.on_event(self._chunk(job, [Choice(index=index, text=text, finish_reason=reason)]))

    def _report(
        self, job: Job, watch: Stopwatch, *, num_prompt: int, num_cached: int, num_completion: int
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
            self._counters[name] += amount
        logger.info(
            "%s prompt=%d cached=%d new=%d total_ms=%.1f",
            job.id, num_prompt, num_cached, num_completion, timing.total,
        )  # fmt: skip
        job.on_event(self._chunk(job, [], usage, GlmReport(timing_ms=timing)))

    def _chunk(
        self, job: Job, choices: list[Choice], usage: Usage | None = None, report: GlmReport | None = None
    ) -> CompletionChunk:
        return CompletionChunk(
            id=job.id,
            created=job.created,
            model=self._description.model,
            choices=choices,
            usage=usage,
            glm=report,
        )

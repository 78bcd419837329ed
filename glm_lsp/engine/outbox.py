"""What a job has to say on its way out: pieces of text that belong together leave together."""

from __future__ import annotations

import time

from msgspec.structs import replace

from glm_lsp.engine.job import Job
from glm_lsp.engine.wire import (
    Choice,
    CompletionChunk,
    FinishReason,
    GlmReport,
    Logprobs,
    Usage,
)

FLUSH_S = 0.015
"""Pieces are gathered for so long, a frame of a screen: each chunk costs both processes a turn of their event loops,
and a short answer has no use for being told in ten parts."""


class Outbox:
    """Turns the tokens of one job into chunks for its listener; see `wire` for their order.

    Args:
        model: the name to give in each chunk.
        step_s: how long the next token is expected to take; where that is long, nothing waits for it.
    """

    def __init__(self, job: Job, model: str, step_s: float = 0.0) -> None:
        self._job = job
        self._model = model
        self._text: list[str] = []
        self._logprobs: list[Logprobs] = []
        self._length = 0
        self._gathers_s = FLUSH_S if step_s < FLUSH_S else 0.0
        self._flushed = time.perf_counter()

    def add(self, index: int, text: str, logprobs: Logprobs | None) -> None:
        """A token's text, of the choice `index`; sent now if the last chunk was a while ago, or the next would be."""
        if logprobs is not None:
            self._logprobs.append(replace(logprobs, text_offset=[self._length] * len(logprobs.tokens)))
        if text:
            self._text.append(text)
            self._length += len(text)
        if (self._text or self._logprobs) and time.perf_counter() - self._flushed >= self._gathers_s:
            self._send([self._piece(index)])

    def close_choice(self, index: int, reason: FinishReason, text: str = "") -> None:
        """The last text of a choice, and why it ended."""
        self._text.append(text)
        self._send([self._piece(index, reason)])
        self._length = 0

    def report(self, usage: Usage, report: GlmReport) -> None:
        """The end of the job."""
        self._send([], usage, report)

    def _piece(self, index: int, reason: FinishReason | None = None) -> Choice:
        text, logprobs = "".join(self._text), Logprobs.joined(self._logprobs)
        self._text, self._logprobs = [], []
        return Choice(index=index, text=text, logprobs=logprobs, finish_reason=reason)

    def _send(
        self, choices: list[Choice], usage: Usage | None = None, report: GlmReport | None = None
    ) -> None:
        chunk = CompletionChunk(
            id=self._job.id,
            created=self._job.created,
            model=self._model,
            choices=choices,
            usage=usage,
            glm=report,
        )
        self._job.on_event(chunk)
        self._flushed = time.perf_counter()

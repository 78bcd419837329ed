"""Requests that are under way at the engine, and who waits for them.

A person who types what the model is just writing should get that, not the same work begun anew. So a request
outlives the keystroke it was made for as long as its text still fits; what no longer fits is ended at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from glm_lsp.completion.cache import Answer, Question
from glm_lsp.completion.collector import Collector
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.engine.wire import CompletionChunk

GRACE_S = 0.1
"""How long a request is kept that nobody waits for. An editor takes back its last request at a key, and asks again
40 ms later."""

TypedSince = Callable[[DocumentSnapshot], str | None]
Stream = AsyncGenerator[CompletionChunk, None]


class Run:
    """One request. Make it on the event loop.

    Args:
        question: what is asked.
        snapshot: the document it is asked about.
        stream: the engine's answer.
        on_answer: called with this when all of it has come, also when nobody waits any more.
        delay_s: how long to wait before it is asked at all.
        is_idle: whether it only prepares for what may be asked.

    Attributes:
        collected: what has come so far.
    """

    def __init__(
        self,
        question: Question,
        snapshot: DocumentSnapshot,
        stream: Callable[[], Stream],
        on_answer: Callable[[Run], None],
        *,
        delay_s: float = 0.0,
        is_idle: bool = False,
    ) -> None:
        self.question = question
        self.snapshot = snapshot
        self.is_idle = is_idle
        self.collected = Collector()
        self._news = asyncio.Event()
        self._num_waiting = 0
        self._leaving: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._read(stream, on_answer, delay_s))
        self._task.add_done_callback(self._ended)

    @property
    def is_done(self) -> bool:
        """Whether nothing more comes."""
        return self._task.done()

    @property
    def answer(self) -> Answer:
        """What has come so far."""
        return Answer(self.collected.choices)

    def fits(self, question: Question) -> bool:
        """Whether it may answer a later question.

        As long as it has said nothing, only the same question will do: to begin anew costs little then.
        """
        typed = question.typed_since(self.question)
        return typed is not None and self.agrees(typed)

    def agrees(self, typed: str) -> bool:
        """Whether what it says so far and what was typed since agree."""
        said = self.collected.first_text
        return not typed or (bool(said) and (said.startswith(typed) or typed.startswith(said)))

    async def wait(self, question: Question) -> bool:
        """Waits for the end, as one of several; false as soon as it does not fit the question any more.

        Cancelled, it leaves the request to others; when none is left it ends soon.

        Raises:
            GlmError: as the engine reports it.
        """
        self._num_waiting += 1
        if self._leaving is not None:
            self._leaving.cancel()
        try:
            while self.fits(question):
                if self._task.done():
                    return not self._task.cancelled() and self._task.result() is None
                self._news.clear()
                await self._news.wait()
            return False
        finally:
            self._num_waiting -= 1
            if not self._num_waiting and not self._task.done():
                self._leaving = asyncio.get_running_loop().call_later(GRACE_S, self.cancel)

    def cancel(self) -> None:
        """Ends the work at the engine, between two of its steps."""
        self._task.cancel()

    async def _read(
        self, stream: Callable[[], Stream], on_answer: Callable[[Run], None], delay_s: float
    ) -> None:
        if delay_s > 0:
            await asyncio.sleep(delay_s)
        await self.collected.read(stream(), self._news.set)
        if not self.collected.is_cancelled:
            on_answer(self)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Not left to the task itself: one that is cancelled before its first step does nothing at all."""
        self._news.set()
        if not task.cancelled():
            task.exception()  # nobody may be left to be told of it


class Runs:
    """The requests under way, at most a few."""

    def __init__(self) -> None:
        self._runs: list[Run] = []

    def add(self, run: Run) -> None:
        """Takes note of one, and forgets those that have ended: each holds a document."""
        self._runs = [*(each for each in self._runs if not each.is_done), run]

    def take(self, question: Question) -> Run | None:
        """One that may answer a person's question. All else that was done for the document, or in advance, ends."""
        running = [run for run in self._runs if not run.is_done]
        fitting = next((run for run in reversed(running) if run.fits(question)), None)
        for run in running:
            if run is not fitting and (run.is_idle or run.question.stem.uri == question.stem.uri):
                run.cancel()
        if fitting is not None:
            fitting.is_idle = False
        return fitting

    def revise(self, uri: str, typed_since: TypedSince) -> None:
        """Ends what is being done for a document and does not fit its new text, without waiting for the next question.

        Args:
            typed_since: what was typed at the cursor of a snapshot since; None if anything else happened.
        """
        for run in self._runs:
            if run.question.stem.uri == uri and not run.is_done and not run.is_idle:
                typed = typed_since(run.snapshot)
                if typed is None or not run.agrees(typed):
                    run.cancel()

    def end(self, uri: str) -> None:
        """Ends what is being done for a document."""
        for run in self._runs:
            if run.question.stem.uri == uri:
                run.cancel()

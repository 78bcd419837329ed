"""Editors that type at the same time, all on one engine: what they ask, and how long each waits."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from itertools import cycle

from glm_lsp.completion.lifecycle import Completer
from glm_lsp.completion.lines import line_end
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.engine.chat_wire import ChatRequest
from glm_lsp.engine.client.client import EngineClient
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest
from glm_lsp.errors import GlmError, InputError
from glm_lsp.evaluate.cursors import line_starts
from glm_lsp.evaluate.held_out import HeldOutFile

KEY_MEDIAN_S = 0.15
KEY_SIGMA = 0.5
"""Pauses between keys are log-normal; these give about six keys a second."""

REGION_LINES = 8
"""So many lines are typed, then the cursor goes elsewhere in the file."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was answered: milliseconds until its end as the editor sees it, of these in the engine's queue."""

    ms: float
    queue_ms: float
    num_prompt: int
    num_cached: int
    num_tokens: int


@dataclass(slots=True)
class EditorLog:
    """What one editor saw. Every request is answered, cancelled by the editor itself, or failed."""

    num_keys: int = 0
    num_sent: int = 0
    num_cancelled: int = 0
    num_failed: int = 0
    answered: list[Asked] = field(default_factory=list)

    @property
    def num_lost(self) -> int:
        """Requests of which nothing was heard any more."""
        return self.num_sent - len(self.answered) - self.num_cancelled - self.num_failed


class MeteredClient:
    """An `EngineClient` that passes everything on and notes how each request ended."""

    def __init__(self, client: EngineClient, log: EditorLog) -> None:
        self.log = log
        self._client = client

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[CompletionChunk, None]:
        """See `EngineClient`."""
        self.log.num_sent += 1
        started = time.perf_counter()
        answered = False
        try:
            async with aclosing(self._client.complete(request)) as chunks:
                async for chunk in chunks:
                    if chunk.usage is not None:
                        answered = True
                        self.log.answered.append(_asked(chunk, started))
                    yield chunk
        except GlmError:
            self.log.num_failed += not answered
            raise
        except (GeneratorExit, asyncio.CancelledError):
            self.log.num_cancelled += not answered
            raise

    def chat(self, request: ChatRequest) -> AsyncGenerator[CompletionChunk, None]:
        """See `EngineClient`; not metered."""
        return self._client.chat(request)

    async def describe(self) -> EngineDescription:
        """See `EngineClient`."""
        return await self._client.describe()

    async def close(self) -> None:
        """See `EngineClient`."""
        await self._client.close()


class Editor:
    """One person in one file, who types lines of it again, each where it stands.

    Args:
        number: tells editors apart; with it what they do differs.
        file: what is typed.
        client: the engine's.
        seed: of what is typed, and of the pauses.

    Raises:
        InputError: the file has fewer lines than are typed at a time.
    """

    def __init__(self, number: int, file: HeldOutFile, client: EngineClient, seed: int) -> None:
        self.log = EditorLog()
        self._number, self._file, self._client = number, file, client
        self._completer = Completer(MeteredClient(client, self.log))
        self._random = random.Random(f"{seed}/{number}")
        self._starts = line_starts(file.text)
        if len(self._starts) <= REGION_LINES:
            raise InputError(f"{file.path} has too few lines to type in")
        self._go_elsewhere()

    async def open(self) -> None:
        """Lets the engine read what will be needed first, as when a file is opened; it is not counted."""
        await Completer(self._client).warm(self._snapshot())

    async def type_at_pace(self, seconds: float) -> None:
        """Types at a person's pace; the next key cancels what the last one asked for."""
        asking: list[asyncio.Task[None]] = []
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            await asyncio.sleep(self._random.lognormvariate(math.log(KEY_MEDIAN_S), KEY_SIGMA))
            self._press()
            if asking:
                asking[-1].cancel()
            asking.append(asyncio.create_task(self._suggest()))
        for error in await asyncio.gather(*asking, return_exceptions=True):
            if isinstance(error, Exception):  # a cancellation is none
                raise error

    async def type_at_once(self, seconds: float) -> None:
        """Presses the next key as soon as the answer is there."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            self._press()
            await self._suggest()

    async def _suggest(self) -> None:
        with suppress(GlmError):  # it is counted
            await self._completer.suggest(self._snapshot())

    def _press(self) -> None:
        self.log.num_keys += 1
        self._cursor += 1
        if self._cursor >= self._end:
            self._go_elsewhere()

    def _go_elsewhere(self) -> None:
        first = self._random.randrange(len(self._starts) - REGION_LINES)
        self._cursor = self._starts[first]
        self._end = line_end(self._file.text, self._starts[first + REGION_LINES - 1])

    def _snapshot(self) -> DocumentSnapshot:
        text = self._file.text
        return DocumentSnapshot(
            uri=f"file:///{self._number}/{self._file.path}",
            path=self._file.path,
            language_id=self._file.language,
            version=self.log.num_keys,
            text=text[: self._cursor] + text[self._end :],
            offset=self._cursor,
        )


def editors_in(files: Sequence[HeldOutFile], clients: Sequence[EngineClient], seed: int) -> list[Editor]:
    """An editor for each client, each in a file of its own as long as there are enough; the longest come first.

    Raises:
        InputError: no file has enough lines.
    """
    usable = [file for file in files if len(line_starts(file.text)) > REGION_LINES]
    if not usable:
        raise InputError("no file has enough lines to type in")
    usable.sort(key=lambda file: (-len(file.text), file.path))
    return [
        Editor(number, file, client, seed)
        for number, (client, file) in enumerate(zip(clients, cycle(usable), strict=False))
    ]


def _asked(chunk: CompletionChunk, started: float) -> Asked:
    usage, report = chunk.usage, chunk.glm
    return Asked(
        ms=(time.perf_counter() - started) * 1e3,
        queue_ms=report.timing_ms.queue if report else 0.0,
        num_prompt=usage.prompt_tokens if usage else 0,
        num_cached=usage.prompt_tokens_details.cached_tokens if usage else 0,
        num_tokens=usage.completion_tokens if usage else 0,
    )

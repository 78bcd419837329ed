"""What an engine is asked for while a trace is typed: the same trace and model always give the same list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from glm_lsp.bench.trace.trace import Trace
from glm_lsp.bench.trace.typist import Deed, Step, Typist
from glm_lsp.completion.lifecycle import Completer
from glm_lsp.completion.lines import line_end
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.engine.chat_wire import ChatRequest
from glm_lsp.engine.client.client import EngineClient
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.inprocess import InProcessClient
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest
from glm_lsp.progress import Progress, silent

if TYPE_CHECKING:
    from glm_lsp.engine.engine import Engine


class RecordingClient:
    """An `EngineClient` that passes everything on to another one and notes what was asked.

    Attributes:
        requests: in the order in which they came.
    """

    def __init__(self, client: EngineClient) -> None:
        self.requests: list[CompletionRequest] = []
        self._client = client

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[CompletionChunk, None]:
        """See `EngineClient`."""
        self.requests.append(request)
        async with aclosing(self._client.complete(request)) as chunks:
            async for chunk in chunks:
                yield chunk

    def chat(self, request: ChatRequest) -> AsyncGenerator[CompletionChunk, None]:
        """See `EngineClient`; not noted."""
        return self._client.chat(request)

    async def describe(self) -> EngineDescription:
        """See `EngineClient`."""
        return await self._client.describe()

    async def close(self) -> None:
        """See `EngineClient`."""
        await self._client.close()


def recorded_requests(
    trace: Trace, engine: Engine, *, keys: int | None = None, progress: Progress = silent
) -> list[CompletionRequest]:
    """Every request that reaches the engine while a trace is typed, in order.

    The completer is asked after each step, as an editor would; each answer is there before the next step, so
    nothing depends on time. Requests that were answered from what was shown or known before are not among them.

    Args:
        trace: what is typed.
        engine: in this process; the caller closes it.
        keys: so many at most; all of the trace if None.
        progress: told of the keys pressed, and of how many there are at most.

    Raises:
        GlmError: the engine failed.
    """
    return asyncio.run(record(trace, InProcessClient(engine), keys=keys, progress=progress))


async def record(
    trace: Trace, client: EngineClient, *, keys: int | None = None, progress: Progress = silent
) -> list[CompletionRequest]:
    """As `recorded_requests`, with any client.

    Raises:
        GlmError: the engine failed.
    """
    recording = RecordingClient(client)
    completer = Completer(recording)
    typist = Typist(trace)
    texts = [file.text for file in trace.files]
    most = trace.num_keys if keys is None else min(keys, trace.num_keys)
    num_keys, version, shown = 0, 0, ""
    while typist.delay_ms is not None and num_keys < most:
        step = typist.step(shown)
        texts[step.file], cursor = apply(step, texts[step.file])
        file = trace.files[step.file]
        num_keys += step.deed.is_key
        version += 1
        outcome = await completer.suggest(
            DocumentSnapshot(
                uri=f"file:///{file.path}",
                path=file.path,
                language_id=file.language,
                version=version,
                text=texts[step.file],
                offset=cursor,
            )
        )
        shown = outcome.suggestions[0].text if outcome.suggestions else ""
        progress(num_keys, most)
    return recording.requests


def apply(step: Step, text: str) -> tuple[str, int]:
    """A file's text after a step, and the cursor in it."""
    if step.deed is Deed.LOOK:
        start = 0
        for _ in range(step.line):
            start = line_end(text, start) + 1
        return text, line_end(text, start)
    return text[: step.start] + step.text + text[step.end :], step.start + len(step.text)

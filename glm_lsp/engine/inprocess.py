"""An `EngineClient` for an engine in the same process, for commands that make one completion and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from glm_lsp.engine.chat_wire import ChatRequest
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.job import Event
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest
from glm_lsp.errors import GlmError

if TYPE_CHECKING:
    from glm_lsp.engine.engine import Engine


class InProcessClient:
    """Hands requests to an engine's thread and its chunks to the event loop; it does not own the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[CompletionChunk, None]:
        """See `EngineClient`."""
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[Event] = asyncio.Queue()

        def hand_over(event: Event) -> None:
            # A loop that has ended no longer wants to know.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(events.put_nowait, event)

        job = self._engine.submit(request, hand_over)
        try:
            while True:
                event = await events.get()
                if isinstance(event, GlmError):
                    raise event
                yield event
                if event.usage is not None:
                    return
        finally:
            job.cancel()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[CompletionChunk, None]:
        """See `EngineClient`."""
        token_ids = await asyncio.to_thread(self._engine.encode_chat, request.dialogue())
        async with aclosing(self.complete(request.completion(token_ids))) as chunks:
            async for chunk in chunks:
                yield chunk

    async def describe(self) -> EngineDescription:
        """See `EngineClient`."""
        return self._engine.describe()

    async def close(self) -> None:
        """See `EngineClient`: there is no connection."""

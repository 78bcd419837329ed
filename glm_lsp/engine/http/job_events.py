"""The events of one job on their way from the engine's thread to the event loop."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from glm_lsp.engine.wire import CompletionChunk
from glm_lsp.errors import GlmError

Event = CompletionChunk | GlmError


class EventQueue:
    """A queue with a producer on another thread and one consumer on the loop it was made on.

    Attributes:
        ending: the event after which nothing follows, once it has been taken.
    """

    def __init__(self) -> None:
        self.ending: Event | None = None
        self._loop = asyncio.get_running_loop()
        self._events: list[Event] = []
        self._arrived = asyncio.Event()

    def put(self, event: Event) -> None:
        """Called on any thread. Does nothing once the loop is closed: nobody is left to listen."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._append, event)

    async def take(self, timeout_s: float | None = None) -> list[Event]:
        """All events that have come; waits for the first. An empty list when none came in time."""
        if not self._events:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._arrived.wait()
        events, self._events = self._events, []
        self._arrived.clear()
        if events and _is_ending(events[-1]):
            self.ending = events[-1]
        return events

    async def take_all(self) -> list[Event]:
        """Every event of the job, the ending included."""
        events: list[Event] = []
        while self.ending is None:
            events += await self.take()
        return events

    def _append(self, event: Event) -> None:
        self._events.append(event)
        self._arrived.set()


def _is_ending(event: Event) -> bool:
    return isinstance(event, GlmError) or (not event.choices and event.usage is not None)

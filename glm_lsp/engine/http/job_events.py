"""The events of one job on their way from the engine's thread to the event loop."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress

from glm_lsp.engine.http.asgi import ClientGoneError
from glm_lsp.engine.wire import CompletionChunk
from glm_lsp.errors import GlmError

Event = CompletionChunk | GlmError

BATCH_S = 0.01
"""What comes so soon after the loop was last woken waits for the next wake-up: each one takes the interpreter
from the thread that decodes, which on small models costs as much as a token."""


class EventQueue:
    """A queue with a producer on another thread and one consumer on the loop it was made on.

    Args:
        whole: the consumer has no use for anything before the ending.

    Attributes:
        ending: the event after which nothing follows, once it has been taken.
    """

    def __init__(self, *, whole: bool = False) -> None:
        self.ending: Event | None = None
        self._loop = asyncio.get_running_loop()
        self._events: deque[Event] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._is_due = self._is_abandoned = False
        self._whole = whole
        self._quiet_until = 0.0

    def put(self, event: Event) -> None:
        """Called on any thread. Does nothing once the loop is closed: nobody is left to listen."""
        self._events.append(event)
        if not _is_ending(event):
            now = time.monotonic()
            if self._whole or now < self._quiet_until:
                return
            self._quiet_until = now + BATCH_S
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._wake)

    async def take(self, timeout_s: float | None = None) -> list[Event]:
        """All events that have come; waits for the first. An empty list when none came in time.

        Raises:
            ClientGoneError: the queue was abandoned.
        """
        await self._until_due(timeout_s)
        if self._is_abandoned:
            raise ClientGoneError
        self._is_due = False
        events: list[Event] = []
        while self._events:
            events.append(self._events.popleft())
        if events and _is_ending(events[-1]):
            self.ending = events[-1]
        return events

    async def take_all(self) -> list[Event]:
        """Every event of the job, the ending included.

        Raises:
            ClientGoneError: the queue was abandoned.
        """
        events: list[Event] = []
        while self.ending is None:
            events += await self.take()
        return events

    def abandon(self) -> None:
        """Has the consumer give up; called on the loop."""
        self._is_abandoned = True
        self._wake()

    async def _until_due(self, timeout_s: float | None) -> None:
        if self._is_due:
            return
        self._waiter = self._loop.create_future()
        timer = self._loop.call_later(timeout_s, self._wake) if timeout_s is not None else None
        try:
            await self._waiter
        finally:
            self._waiter = None
            if timer:
                timer.cancel()

    def _wake(self) -> None:
        self._is_due = True
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)


def _is_ending(event: Event) -> bool:
    return isinstance(event, GlmError) or (not event.choices and event.usage is not None)

"""Work in threads for requests of which only the latest counts, each about one text of a document."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Work(Generic[T]):
    question: object
    outcome: asyncio.Future[T]


class LatestWork(Generic[T]):
    """One at a time for each document; the latest outcome is kept for who asks the same again.

    Use it on one event loop.

    Args:
        capacity: documents whose latest outcome is kept.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._works: OrderedDict[str, _Work[T]] = OrderedDict()

    async def outcome(self, key: str, question: object, work: Callable[[], T]) -> T:
        """What `work` returns or raises; several requests may wait for it, and one that gives up takes it from none.

        Args:
            key: of the document.
            question: equal for works with equal outcomes.
            work: called in a thread, but not for a question that was the latest already.
        """
        while (latest := self._works.get(key)) is None or latest.question != question:
            if latest is not None and not latest.outcome.done():
                # Who asks about each text while typing gives up meanwhile.
                await asyncio.wait([latest.outcome])
                continue
            running = asyncio.ensure_future(asyncio.to_thread(work))
            running.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._works[key] = _Work(question, running)
            if len(self._works) > self._capacity:
                self._works.popitem(last=False)
        self._works.move_to_end(key)
        return await asyncio.shield(latest.outcome)

    def forget(self, key: str) -> None:
        """Drops what is known of a document."""
        self._works.pop(key, None)

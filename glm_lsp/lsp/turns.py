"""Newest wins: of several requests for one document only the latest is worked on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class _Turn:
    task: asyncio.Task[object] | None
    is_superseded: bool = False


class Turns:
    """Who is being served, by document. Neovim does not cancel a request when it sends the next; this does."""

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}

    @contextmanager
    def newest(self, uri: str) -> Iterator[None]:
        """Ends the turn of the request before; the body is left silently when a later one does the same to it.

        The earlier task notices only after the present one has come to its first await, so the work of the
        earlier can be taken over before it is given up.
        """
        turn = _Turn(asyncio.current_task())
        self.end(uri)
        self._turns[uri] = turn
        try:
            yield
        except asyncio.CancelledError:
            if not turn.is_superseded:
                raise
            if turn.task is not None:
                turn.task.uncancel()
        finally:
            if self._turns.get(uri) is turn:
                del self._turns[uri]

    def end(self, uri: str) -> None:
        """Ends the present turn, if there is one, as a later one would."""
        turn = self._turns.pop(uri, None)
        if turn is not None and turn.task is not None:
            turn.is_superseded = True
            turn.task.cancel()

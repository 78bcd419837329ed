"""Looks, while a long run goes on, whether its result is still wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

PERIOD_S = 0.02


class Watch:
    """Calls `stop` once, from a thread of its own, when `cancelled` says so; a context manager.

    Behind its end nothing is called any more.
    """

    def __init__(self, cancelled: Callable[[], bool], stop: Callable[[], None]) -> None:
        self._cancelled = cancelled
        self._stop = stop
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(PERIOD_S):
            if self._cancelled():
                self._stop()
                return

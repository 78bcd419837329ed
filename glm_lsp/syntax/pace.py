"""How often one document may be parsed, so that reading it never takes the time its keys need."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Clock = Callable[[], float]
"""Seconds since some moment; never goes back."""

clock: Clock = time.perf_counter

_DEAR_S = 0.01
"""Work that takes longer has to be rested from."""
_REST = 30
"""How many times as long the rest is as the work: a document takes 3 % of the time at most."""
_REFUSED_S = 1.0
"""The least rest after a text that was given up on."""


class Pace:
    """The work on one document, and the rest after what was dear.

    Args:
        clock: tells how long work takes, and how long the rest has lasted.
    """

    def __init__(self, clock: Clock = clock) -> None:
        self._clock = clock
        self._rested = float("-inf")

    @property
    def is_resting(self) -> bool:
        """Whether nothing may be parsed yet."""
        return self._clock() < self._rested

    @contextmanager
    def working(self) -> Iterator[None]:
        """Measures what is done within."""
        start = self._clock()
        try:
            yield
        finally:
            now = self._clock()
            if now - start > _DEAR_S:
                # Dear work of one key adds up.
                self._rested = max(self._rested, now) + _REST * (now - start)

    def refused(self) -> None:
        """Says that the text was given up on: it is not tried again at the next key."""
        self._rested = max(self._rested, self._clock() + _REFUSED_S)

"""How often one document may be parsed, so that reading it never takes the time its keys need."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

Clock = Callable[[], float]
"""Seconds since some moment; never goes back."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """How long something has lasted, and how long it was worked on.

    Attributes:
        wall: everybody's time.
        own: the time in which this thread ran.
    """

    wall: Clock = time.perf_counter
    own: Clock = time.thread_time

    def stopwatch(self) -> Clock:
        """Seconds this thread has worked from now on; while other programs had the processor, it has not."""
        wall, own = self.wall(), self.own()
        # Where a thread's clock is coarse (Windows: 16 ms), it may tell of more than has passed.
        return lambda: min(self.wall() - wall, self.own() - own)


CLOCKS = Clocks()

_DEAR_S = 0.01
"""Work that takes longer has to be rested from."""
_REST = 30
"""How many times as long the rest is as the work: a document takes 3 % of the time at most."""
_REFUSED_S = 1.0
"""The least rest after a text that was given up on."""


class Pace:
    """The work on one document, and the rest after what was dear.

    Args:
        clocks: tell how long work takes, and how long the rest has lasted.
    """

    def __init__(self, clocks: Clocks = CLOCKS) -> None:
        self._clocks = clocks
        self._rested = float("-inf")

    @property
    def is_resting(self) -> bool:
        """Whether nothing may be parsed yet."""
        return self._clocks.wall() < self._rested

    @contextmanager
    def working(self) -> Iterator[None]:
        """Measures what is done within."""
        worked = self._clocks.stopwatch()
        try:
            yield
        finally:
            if (seconds := worked()) > _DEAR_S:
                # Dear work of one key adds up.
                self._rested = max(self._rested, self._clocks.wall()) + _REST * seconds

    def refused(self) -> None:
        """Says that the text was given up on: it is not tried again at the next key."""
        self._rested = max(self._rested, self._clocks.wall() + _REFUSED_S)

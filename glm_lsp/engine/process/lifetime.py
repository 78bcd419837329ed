"""How long an engine stays: while a front is attached or a request runs, and `linger_s` seconds after."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FIRST_ATTACH_S = 60.0
"""A fresh engine waits at least this long for its first front."""


class Lifetime:
    """Counts who needs the engine. Used on the event loop only.

    Args:
        linger_s: seconds to stay once nobody needs the engine; 0 stays for ever.
        now: a monotonic clock in seconds.
    """

    def __init__(self, linger_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self.linger_s = linger_s
        self.num_attached = 0
        self.num_running = 0
        self._now = now
        self._ever_attached = False
        self._idle_since = now()

    def restart(self) -> None:
        """Starts the wait for the first front anew: loading the model takes time, too."""
        self._idle_since = self._now()

    @contextmanager
    def attached(self) -> Iterator[None]:
        """A front holds its attach stream open."""
        self.num_attached += 1
        self._ever_attached = True
        try:
            yield
        finally:
            self.num_attached -= 1
            self._idle_since = self._now()

    @contextmanager
    def running(self) -> Iterator[None]:
        """A completion is being made."""
        self.num_running += 1
        try:
            yield
        finally:
            self.num_running -= 1
            self._idle_since = self._now()

    def expired(self) -> bool:
        """Whether the engine should leave."""
        if not self.linger_s or self.num_attached or self.num_running:
            return False
        patience = self.linger_s if self._ever_attached else max(self.linger_s, FIRST_ATTACH_S)
        return self._now() - self._idle_since >= patience

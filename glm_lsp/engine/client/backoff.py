"""How soon an engine that died is started again, and when to stop trying."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 8.0
MAX_CRASHES = 5
WINDOW_S = 180.0


class Backoff:
    """Remembers the crashes of the last three minutes.

    Args:
        now: a monotonic clock in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._crashes: deque[float] = deque(maxlen=MAX_CRASHES)

    def crashed(self) -> float | None:
        """Notes a crash; seconds to wait before the next start, or None when there were too many."""
        now = self._now()
        self._crashes.append(now)
        recent = sum(now - crash <= WINDOW_S for crash in self._crashes)
        if recent >= MAX_CRASHES:
            return None
        return min(FIRST_DELAY_S * 2.0 ** (recent - 1), LONGEST_DELAY_S)

    def reset(self) -> None:
        """Forgets all crashes."""
        self._crashes.clear()

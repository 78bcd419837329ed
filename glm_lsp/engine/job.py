"""A request on its way through the engine, and where its time went."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable

from glm_lsp.engine.wire import CompletionChunk, CompletionRequest, Timing
from glm_lsp.errors import GlmError

Event = CompletionChunk | GlmError
OnEvent = Callable[[Event], None]


class Job:
    """One submitted request. `cancel` may be called from any thread and takes effect between two tokens."""

    def __init__(self, number: int, request: CompletionRequest, on_event: OnEvent) -> None:
        self.request = request
        self.on_event = on_event
        self.id = f"cmpl-{number}"
        self.created = int(time.time())
        self.arrived = time.perf_counter()
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Withdraws the request; what was computed stays in the KV cache."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether the request was withdrawn."""
        return self._cancelled.is_set()


class Stopwatch:
    """Milliseconds of the phases of one job, from its arrival."""

    def __init__(self, arrived: float) -> None:
        self._arrived = arrived
        self._last = arrived
        self.phases: defaultdict[str, float] = defaultdict(float)
        self.ttft = 0.0

    def lap(self, phase: str) -> None:
        """Books the time since the last lap to a phase."""
        now = time.perf_counter()
        self.phases[phase] += (now - self._last) * 1e3
        self._last = now

    def first_token(self) -> None:
        """Notes when the first token was there."""
        self.ttft = self.ttft or (time.perf_counter() - self._arrived) * 1e3

    def timing(self) -> Timing:
        """All phases, rounded to microseconds."""
        phases = {name: round(self.phases[name], 3) for name in ("queue", "tokenize", "prefill", "decode")}
        total = round((self._last - self._arrived) * 1e3, 3)
        return Timing(**phases, ttft=round(self.ttft, 3), total=total)

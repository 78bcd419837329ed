"""What the editor shows of us: state, model and the latest figures, as `glm/status`.

The notification goes out when something people see has changed, and at most once a second when only figures have.
A request of the same name gets the present status.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from glm_lsp.usage.figures import UsageFigures

STATUS = "glm/status"
_BUSY_AFTER_S = 0.15
"""Shorter work would only make the display flicker."""
_FIGURES_EVERY_S = 1.0


class State(StrEnum):
    """Inactive: switched off by a setting. Error: `message` says what is wrong and what to do."""

    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"
    ERROR = "error"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One moment.

    Attributes:
        model: name of the model; empty until the engine is ready.
        last_ms: milliseconds that the latest completion took; None before the first.
        num_prompt_tokens: of its prompt; 0 when no model was needed.
        num_cached_tokens: those of them that were in the KV cache.
    """

    state: State = State.STARTING
    message: str = ""
    model: str = ""
    last_ms: float | None = None
    num_prompt_tokens: int = 0
    num_cached_tokens: int = 0

    def to_wire(self) -> dict[str, Any]:
        """As the editor reads it."""
        return {
            "state": self.state.value,
            "message": self.message,
            "model": self.model,
            "lastMs": None if self.last_ms is None else round(self.last_ms, 1),
            "numPromptTokens": self.num_prompt_tokens,
            "numCachedTokens": self.num_cached_tokens,
        }


class StatusDisplay:
    """The present status, and the editor's notion of it.

    Args:
        send: takes what `to_wire` gives.

    Attributes:
        status: the present one.
        usage: the counts of the window that go with it.
    """

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self.status = Status()
        self.usage = UsageFigures()
        self._send = send
        self._num_busy = 0
        self._sent_at = 0.0
        self._figures: asyncio.TimerHandle | None = None

    def to_wire(self) -> dict[str, Any]:
        """The present status and counts, as the editor reads them."""
        return self.status.to_wire() | _usage_on_wire(self.usage)

    def show(self, state: State, message: str = "", model: str | None = None) -> None:
        """Changes what people see."""
        shown = replace(
            self.status, state=state, message=message, model=self.status.model if model is None else model
        )
        if shown != self.status:
            self.status = shown
            self._put()

    def measured(self, last_ms: float, num_prompt_tokens: int, num_cached_tokens: int) -> None:
        """Notes the figures of a completion."""
        self.status = replace(
            self.status,
            last_ms=last_ms,
            num_prompt_tokens=num_prompt_tokens,
            num_cached_tokens=num_cached_tokens,
        )
        if self._figures is None:
            loop = asyncio.get_running_loop()
            self._figures = loop.call_at(self._sent_at + _FIGURES_EVERY_S, self._put)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Shows that something is being worked on, unless it is done soon."""
        timer = asyncio.get_running_loop().call_later(_BUSY_AFTER_S, self._swap, State.READY, State.BUSY)
        self._num_busy += 1
        try:
            yield
        finally:
            timer.cancel()
            self._num_busy -= 1
            if not self._num_busy:
                self._swap(State.BUSY, State.READY)

    def _swap(self, old: State, new: State) -> None:
        if self.status.state is old:
            self.show(new)

    def _put(self) -> None:
        if self._figures is not None:
            self._figures.cancel()
            self._figures = None
        self._sent_at = asyncio.get_running_loop().time()
        self._send(self.to_wire())


def _usage_on_wire(usage: UsageFigures) -> dict[str, Any]:
    """Shares from 0 to 1 and milliseconds; None as long as there is nothing to take them of."""
    return {
        "hitRate": _rounded(usage.hit_rate, 4),
        "reuse": _rounded(usage.reuse, 4),
        "p50Ms": _rounded(usage.latency_ms(0.5), 1),
        "p95Ms": _rounded(usage.latency_ms(0.95), 1),
        "shown": usage.num_shown,
        "accepted": usage.num_accepted,
        "acceptedChars": usage.kept_chars,
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)

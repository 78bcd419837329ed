"""What a step costs by its number of tokens, measured on the steps themselves.

Checking a guess takes a row of a step that runs anyway. How dear a row is depends on the processor, the model and the
precision: 0.1 of a step for int8 on a CPU with the right instructions, next to nothing on a GPU, half a step elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from glm_lsp.engine.session import KVCache, Scores, Session

MAX_STEP_TOKENS = 16
"""Longer runs are prefill."""

_FREE_TOKENS = 2
"""A session runs a single token as two, so that its result does not depend on how many run together."""
_FIRST_GUESS = 0.15
_MEMORY = 0.05
"""The share of the newest measurement in the average."""


class StepCosts:
    """Running averages of how long short runs take, in seconds.

    Attributes:
        num_runs: all that were observed.
    """

    def __init__(self) -> None:
        self.num_runs = 0
        self._one: float | None = None
        self._slope: float | None = None

    @property
    def step_s(self) -> float:
        """Seconds that a step of one token takes; 0 before the first."""
        return self._one or 0.0

    @property
    def per_token(self) -> float:
        """What one more token costs, in steps of one token; between 0 and 1."""
        if self._one is None or self._slope is None:
            return _FIRST_GUESS
        return min(1.0, max(0.0, self._slope / self._one))

    def observe(self, num_tokens: int, seconds: float) -> None:
        """Takes note of a run."""
        self.num_runs += 1
        if num_tokens <= _FREE_TOKENS:
            self._one = _mixed(self._one, seconds)
        elif self._one is not None and num_tokens <= MAX_STEP_TOKENS:
            # A run that was interrupted says nothing about rows; within reason it may.
            slope = (seconds - self._one) / (num_tokens - _FREE_TOKENS)
            self._slope = _mixed(self._slope, min(slope, self._one))


class TimedSession:
    """A session whose short runs are timed. See `Session` for the methods."""

    def __init__(self, session: Session, costs: StepCosts) -> None:
        self._session = session
        self._costs = costs

    @property
    def capacity(self) -> int:
        """Tokens one KV cache holds."""
        return self._session.capacity

    @property
    def vocab_size(self) -> int:
        """Ids that can be scored."""
        return self._session.vocab_size

    @property
    def prefill_tokens(self) -> int:
        """Tokens of a prompt to run at once."""
        return self._session.prefill_tokens

    @property
    def step_widths(self) -> tuple[int, ...]:
        """Lengths that short runs are filled up to."""
        return self._session.step_widths

    def new_kv(self) -> KVCache:
        """Memory for one sequence."""
        return self._session.new_kv()

    def reusable(self, token_ids: Sequence[int], num_shared: int) -> int:
        """See `Session.reusable`."""
        return self._session.reusable(token_ids, num_shared)

    def inseparable(self, token_ids: Sequence[int]) -> int:
        """See `Session.inseparable`."""
        return self._session.inseparable(token_ids)

    def interruptible(self, cancelled: Callable[[], bool]) -> AbstractContextManager[None]:
        """See `Session.interruptible`."""
        return self._session.interruptible(cancelled)

    def run(
        self, kv: KVCache, past: int, token_ids: Sequence[int], num_scored: int, *, want_logits: bool = False
    ) -> Scores:
        """See `Session.run`."""
        began = time.perf_counter()
        scores = self._session.run(kv, past, token_ids, num_scored, want_logits=want_logits)
        self._costs.observe(len(token_ids), time.perf_counter() - began)
        return scores


def _mixed(average: float | None, value: float) -> float:
    return value if average is None else average + _MEMORY * (value - average)

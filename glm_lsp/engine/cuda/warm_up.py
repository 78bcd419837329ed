"""What is done once on the thread that will run the model: measuring sizes, capturing graphs, and checking replays."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from glm_lsp.engine.cuda.prefill_size import measure_sizes
from glm_lsp.engine.cuda.run_shape import RunShape
from glm_lsp.engine.session import KVCache, Scores
from glm_lsp.errors import SessionError

REPLAY_TOLERANCE = 0.05
"""Of a row's range of logits. A replay computes what the run did, so it is mostly the same to the bit; one that reads
what was there at the capture is far off. All logits are compared: the best few of a model that hardly prefers anything
are nearly as likely, whatever was read."""

_PRIMED = 24
"""Tokens before those of the check, so that attention has something to attend to."""


class WarmSession(Protocol):
    """What is needed of a session here."""

    @property
    def capacity(self) -> int:
        """Tokens of a KV cache."""

    def new_kv(self) -> KVCache:
        """Memory for one sequence."""

    def run_shape(
        self, kv: KVCache, past: int, token_ids: list[int], shape: RunShape, *, want_logits: bool = False
    ) -> Scores:
        """Runs in exactly this shape, all rows scored."""


def time_prefill(session: WarmSession, num_ids: int) -> dict[int, float]:
    """Seconds of a run by its length; the first of each is not counted, as it finds kernels and memory."""
    kv = session.new_kv()

    def time_run(size: int) -> float:
        token_ids = [index % num_ids for index in range(size)]
        session.run_shape(kv, 0, token_ids, RunShape(size, 1))
        began = time.perf_counter()
        session.run_shape(kv, 0, token_ids, RunShape(size, 1))
        return time.perf_counter() - began

    return measure_sizes(time_run, session.capacity)


def check_replay(session: WarmSession, shape: RunShape, num_ids: int) -> str:
    """Captures one graph and compares it with the same runs without; says what is wrong, or nothing.

    The second run has other tokens at another place, so that a graph that does not read its inputs anew is found out.
    """
    width = shape.num_tokens
    if _PRIMED + 2 * width > session.capacity:
        return f"the cache is too small to check {width} tokens"
    plain = RunShape(width, shape.num_rows, is_kept=False)
    kv = session.new_kv()
    session.run_shape(
        kv, 0, [index % num_ids for index in range(_PRIMED)], RunShape(_PRIMED, 1, is_kept=False)
    )
    for past, first in ((_PRIMED, 1), (_PRIMED + width, 7), (_PRIMED, 3)):
        token_ids = [(first + 5 * index) % num_ids for index in range(width)]
        expected = _logits(session.run_shape(kv, past, token_ids, plain, want_logits=True)).copy()
        replayed = _logits(session.run_shape(kv, past, token_ids, shape, want_logits=True))
        difference = float((np.abs(expected - replayed).max(axis=1) / np.ptp(expected, axis=1)).max())
        if not difference <= REPLAY_TOLERANCE:
            return f"a replay of {width} tokens differs by {difference:.2g} of the logits' range"
    return ""


def capture(
    session: WarmSession, shapes: tuple[RunShape, ...], num_ids: int, give_up: Callable[[], None]
) -> str:
    """Captures all of them; the first that cannot be captured ends it: `give_up` is called, and the reason returned.

    Each is checked again once all are there: none may write where another one reads.

    Raises:
        GpuMemoryError, DeviceError: they say nothing about graphs.
    """
    for shape in (*shapes, *shapes):
        try:
            reason = check_replay(session, shape, num_ids)
        except SessionError as error:
            reason = f"capturing {shape.num_tokens} tokens failed: {error.cause}"
        if reason:
            give_up()
            return reason
    return ""


def _logits(scores: Scores) -> NDArray[np.float32]:
    if scores.logits is None:
        raise SessionError("the logits that were asked for are not there")
    return scores.logits

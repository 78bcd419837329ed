"""A session whose KV memory holds the token ids themselves and whose scores hash all of them.

A wrong slice, an off-by-one or a stale entry changes the next token, so cache bugs fail in milliseconds
without a model. Memory past what was run is poisoned.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from glm_lsp.engine.session import ReadsForward, Scores, UnpaddedRuns
from glm_lsp.errors import ContextOverflowError, SessionError

POISON = -1


@dataclass
class FakeKV:
    """KV memory that remembers ids."""

    capacity: int
    ids: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ids = [POISON] * self.capacity


@dataclass
class FakeSession(UnpaddedRuns, ReadsForward):
    """Deterministic scores over ids `first_id`..`vocab_size`; `fail_at` makes that run raise once."""

    capacity: int = 64
    vocab_size: int = 97
    first_id: int = 0
    fail_at: int | None = None
    runs: list[int] = field(default_factory=list)
    on_run: object = None

    def new_kv(self) -> FakeKV:
        return FakeKV(self.capacity)

    def run(
        self, kv: FakeKV, past: int, token_ids: Sequence[int], num_scored: int, *, want_logits: bool = False
    ) -> Scores:
        if past + len(token_ids) > self.capacity:
            raise ContextOverflowError("too many tokens")
        if self.fail_at == len(self.runs):
            self.fail_at = None
            kv.ids[past : past + len(token_ids)] = [POISON] * len(token_ids)
            raise SessionError("planted failure")
        if callable(self.on_run):
            self.on_run()
        self.runs.append(len(token_ids))
        kv.ids[past : past + len(token_ids)] = list(token_ids)
        end = past + len(token_ids)
        rows = [self._row(kv.ids[: end - back]) for back in range(num_scored - 1, -1, -1)]
        if not rows:
            return Scores(
                np.zeros(0, np.int64), np.zeros((0, 8), np.int64), np.zeros((0, 8), np.float32), None
            )
        top_ids = np.stack(rows)
        logprobs = np.tile(np.log(np.arange(8, 0, -1) / 40).astype(np.float32), (len(rows), 1))
        return Scores(top_ids[:, 0].copy(), top_ids, logprobs, None)

    def _row(self, ids: list[int]) -> np.ndarray:
        if POISON in ids:
            raise AssertionError("attention over memory that was never written")
        seed = zlib.crc32(np.array(ids, np.int64).tobytes())
        return np.random.default_rng(seed).permutation(np.arange(self.first_id, self.vocab_size))[:8]

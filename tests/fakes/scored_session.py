"""A fake session with logits: noise that depends on every token before, special tokens highest."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glm_lsp.engine.session import ReadsForward, Scores, UnpaddedRuns
from glm_lsp.errors import ContextOverflowError
from tests.fakes.fake_session import POISON, FakeKV


class ScoredSession(UnpaddedRuns, ReadsForward):
    """Scores over `vocab_size` ids; `eager` of them, the first, are the best everywhere when it is not 0."""

    def __init__(self, vocab_size: int, *, capacity: int = 1024, eager: int = 0) -> None:
        self.capacity, self.vocab_size, self._eager = capacity, vocab_size, eager
        self.asked_for_logits: list[bool] = []
        self._last: Scores | None = None

    def new_kv(self) -> FakeKV:
        return FakeKV(self.capacity)

    def run(
        self, kv: FakeKV, past: int, token_ids: Sequence[int], num_scored: int, *, want_logits: bool = False
    ) -> Scores:
        if past + len(token_ids) > self.capacity:
            raise ContextOverflowError("too many tokens")
        self.asked_for_logits.append(want_logits)
        self._spoil_last()
        kv.ids[past : past + len(token_ids)] = list(token_ids)
        end = past + len(token_ids)
        logits = np.stack(
            [self.logits(kv.ids[: end - back]) for back in range(max(1, num_scored) - 1, -1, -1)]
        )
        top_ids = np.argsort(-logits, axis=1, kind="stable")[:, :8]
        total = np.log(np.exp(logits).sum(axis=1, keepdims=True))
        top_logprobs = (np.take_along_axis(logits, top_ids, 1) - total).astype(np.float32)
        self._last = Scores(top_ids[:, 0].copy(), top_ids, top_logprobs, logits if want_logits else None)
        return self._last

    def _spoil_last(self) -> None:
        """A real session overwrites what it returned before."""
        if self._last is not None:
            self._last.next_ids.fill(0)
            self._last.top_ids.fill(0)
            self._last.top_logprobs.fill(np.nan)
            if self._last.logits is not None:
                self._last.logits.fill(0)

    def logits(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """The row after these ids. Shape [vocab_size]."""
        if POISON in ids:
            raise AssertionError("attention over memory that was never written")
        seed = zlib.crc32(np.array(ids, np.int64).tobytes())
        row = np.random.default_rng(seed).standard_normal(self.vocab_size, dtype=np.float32) * 2
        row[: self._eager] += 50
        return row

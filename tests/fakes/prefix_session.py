"""The fake session of a model that reads its context in both directions.

What it keeps of a context's token hashes the whole context: one that is kept across a keystroke changes what follows.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glm_lsp.engine.session import Scores
from glm_lsp.errors import SessionError
from tests.fakes.fake_session import FakeKV, FakeSession


@dataclass
class FakePrefixSession(FakeSession):
    """`start_id` ends the context; it is never the best token."""

    start_id: int = 0
    first_id: int = 1

    def reusable(self, token_ids: Sequence[int], num_shared: int) -> int:
        return num_shared if self.start_id in token_ids[:num_shared] else 0

    def inseparable(self, token_ids: Sequence[int]) -> int:
        return list(token_ids).index(self.start_id) + 1

    def run(
        self, kv: FakeKV, past: int, token_ids: Sequence[int], num_scored: int, *, want_logits: bool = False
    ) -> Scores:
        if (past == 0) != (self.start_id in token_ids) and past != kv.ids.index(self.start_id):
            raise SessionError("the context was cut")
        kept = list(token_ids)
        if past == 0:
            count = kept.index(self.start_id)
            seen = zlib.crc32(np.array(kept[:count], np.int64).tobytes())
            kept[:count] = [1000 + seen + token_id for token_id in kept[:count]]
        return super().run(kv, past, kept, num_scored, want_logits=want_logits)

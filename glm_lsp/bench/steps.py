"""What single runs of the model cost: a decode step behind more and more tokens, and a step that checks guesses."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from glm_lsp.bench.sampling import interleaved, timed
from glm_lsp.engine.generation import prefill
from glm_lsp.engine.session import Session
from glm_lsp.engine.slots import KVSlot
from glm_lsp.progress import Progress, silent

VERIFIED = (1, 2, 4, 8, 16)
"""Tokens of a verification step: one that was chosen and guesses behind it."""

SHORTEST = 32

BURST, WARM_UP = 7, 2
"""Decoding runs step after step, so that the processor's caches hold what they can of model and keys. A sample is
the median of a burst of steps, the first ones left out; bursts of other steps come between."""


def prompt_lengths(longest: int, shortest: int = SHORTEST) -> list[int]:
    """`shortest`, twice, four times as many and so on below `longest`, and `longest` itself."""
    lengths = [shortest << power for power in range(16) if shortest << power < longest]
    return [*lengths, longest]


class FilledCache:
    """A KV cache that holds some code, and runs over it.

    Args:
        session: of the model.
        token_ids: of the code; at least as many as the session's capacity.
    """

    def __init__(self, session: Session, token_ids: Sequence[int]) -> None:
        self._session = session
        self._token_ids = list(token_ids[: session.capacity])
        self.num_tokens = session.capacity - max(VERIFIED)
        """Tokens in the cache; behind them there is room for the longest step."""
        self._slot = KVSlot(session.new_kv())
        prefill(session, self._slot, self._token_ids[: self.num_tokens], lambda: False)

    def decode_ms(
        self, pasts: Sequence[int], seconds: float, progress: Progress = silent
    ) -> dict[int, list[float]]:
        """Milliseconds of a step of one token, by how many tokens lie before it; each at most `num_tokens`."""
        return interleaved({past: self._step(past, 1) for past in pasts}, seconds, progress)

    def verification_ms(
        self, past: int, seconds: float, progress: Progress = silent
    ) -> dict[int, list[float]]:
        """Milliseconds of a step behind `past` tokens that scores all of its own, by their number."""
        return interleaved({number: self._step(past, number) for number in VERIFIED}, seconds, progress)

    def _step(self, past: int, num_tokens: int) -> Callable[[], float]:
        token_ids = self._token_ids[past : past + num_tokens]

        def run() -> None:
            # It writes again what is there already: the cache stays as it is.
            self._session.run(self._slot.kv, past, token_ids, num_tokens)

        return lambda: statistics.median([timed(run) for _ in range(BURST)][WARM_UP:])

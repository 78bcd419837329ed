"""A model that can be run, as the engine's core sees it: token ids go in with their position, scores come out.

A session computes; it remembers nothing but the memory of its KV caches. Two things fit the protocol:
`OnnxSession`, and the fake of the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from glm_lsp.errors import ContextOverflowError, SessionError

PREFILL_TOKENS = 128
"""Tokens run between two looks at the cancel flag: about 30 ms of a small model on two cores."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What one run says about its last R rows; the arrays are overwritten by the next run.

    next_ids i64 [R] holds the best id of each row, top_ids i64 [R, 8] and top_logprobs f32 [R, 8] the eight
    best, best first; logits f32 [R, V] only when asked for.
    """

    next_ids: NDArray[np.int64]
    top_ids: NDArray[np.int64]
    top_logprobs: NDArray[np.float32]
    logits: NDArray[np.float32] | None

    def row(self, index: int) -> Scores:
        """One row of them; a view."""
        one = slice(index, index + 1)
        logits = None if self.logits is None else self.logits[one]
        return Scores(self.next_ids[one], self.top_ids[one], self.top_logprobs[one], logits)


NO_SCORES = Scores(
    np.zeros(0, np.int64), np.zeros((0, 8), np.int64), np.zeros((0, 8), np.float32), logits=None
)
"""Of a run that scores nothing."""


class InterruptedRunError(Exception):
    """A run was given up, as nobody wanted its result any more."""


class KVCache(Protocol):
    """The memory of one slot, made by `Session.new_kv` and opaque to everyone else."""

    @property
    def capacity(self) -> int:
        """Tokens it can hold."""


class Session(Protocol):
    """A model that can be run: the real one, or a fake in tests."""

    @property
    def capacity(self) -> int:
        """Tokens one KV cache holds."""

    @property
    def vocab_size(self) -> int:
        """Ids that can be scored; V of `Scores.logits`."""

    @property
    def prefill_tokens(self) -> int:
        """Tokens of a prompt to run at once: between two runs a request can be cancelled."""

    @property
    def step_widths(self) -> tuple[int, ...]:
        """Lengths, ascending, that short runs are filled up to, so that anything between costs as much.

        Empty where every token counts.
        """

    def new_kv(self) -> KVCache:
        """Memory for one sequence."""

    def reusable(self, token_ids: Sequence[int], num_shared: int) -> int:
        """How many of a prompt's first `num_shared` tokens need not be run on a cache that was run on the same ones.

        All of them for a model that reads from left to right. A model that reads its context in both directions has
        no use for keys and values of another context.
        """

    def inseparable(self, token_ids: Sequence[int]) -> int:
        """How many of a prompt's first tokens have to be run together; 0 if it may be cut anywhere."""

    def interruptible(self, cancelled: Callable[[], bool]) -> AbstractContextManager[None]:
        """Runs inside of it may be given up when `cancelled` says so, which any thread may be asked.

        For sessions whose runs are long because they must not be cut; others have nothing to do here.
        """

    def run(
        self,
        kv: KVCache,
        past: int,
        token_ids: Sequence[int],
        num_scored: int,
        *,
        want_logits: bool = False,
    ) -> Scores:
        """Runs `token_ids` at positions past, past + 1, ...; writes their keys and values into `kv`.

        The last `num_scored` tokens are scored, none if it is 0. Entries of `kv` from `past` on are
        overwritten and never read; after an error those before `past` are as they were. How many tokens are run
        together, and how many of them are scored, should not change what is said about one: then neither the cache
        nor guessing can change an answer.

        Raises:
            ContextOverflowError: the tokens do not fit behind `past`.
            SessionError: the run failed, or a token id is outside the vocabulary.
            InterruptedRunError: it was given up; see `interruptible`.
        """


class UnpaddedRuns:
    """What holds of every session whose runs take as long as they are."""

    prefill_tokens = PREFILL_TOKENS
    step_widths: tuple[int, ...] = ()

    def warm_up(self) -> None:
        """There is nothing to measure or to capture."""


class ReadsForward:
    """What holds of every session whose model reads from left to right."""

    def reusable(self, token_ids: Sequence[int], num_shared: int) -> int:
        """See `Session.reusable`."""
        del token_ids
        return num_shared

    def inseparable(self, token_ids: Sequence[int]) -> int:
        """See `Session.inseparable`."""
        del token_ids
        return 0

    def interruptible(self, cancelled: Callable[[], bool]) -> AbstractContextManager[None]:
        """See `Session.interruptible`."""
        del cancelled
        return nullcontext()


def check_run(capacity: int, num_ids: int, past: int, token_ids: Sequence[int], num_scored: int) -> None:
    """What every session refuses, whatever computes it; `num_ids` is the size of the model's own vocabulary.

    Raises:
        ContextOverflowError, SessionError: see `Session.run`.
    """
    if past + len(token_ids) > capacity:
        raise ContextOverflowError(f"{len(token_ids)} tokens after {past} do not fit into {capacity}")
    if past < 0 or not token_ids or not 0 <= num_scored <= len(token_ids):
        raise SessionError(f"cannot run {len(token_ids)} tokens after {past} and score {num_scored}")
    if min(token_ids) < 0 or max(token_ids) >= num_ids:
        raise SessionError(f"a token id is outside the model's vocabulary of {num_ids}")

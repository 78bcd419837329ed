"""Choosing the next token from a scored row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from glm_lsp.engine.session import Scores

NUM_CANDIDATES = 8
"""The graph returns this many best tokens per row; sampling chooses among them."""

Sampler = Callable[[Scores, int], tuple[int, float]]
"""(scores, row) -> (token id, its natural log-probability before temperature)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingParams:
    """Temperature 0 is greedy. `top_k` 0 means all eight candidates; `seed` makes sampling repeatable."""

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int | None = None


def make_sampler(params: SamplingParams) -> Sampler:
    """A function that picks from a row of `Scores`."""
    if params.temperature == 0:
        return pick_greedy
    generator = np.random.default_rng(params.seed)
    keep = params.top_k or NUM_CANDIDATES

    def pick(scores: Scores, row: int) -> tuple[int, float]:
        logprobs = scores.top_logprobs[row, :keep].astype(np.float64)
        # A temperature may be so small that the quotient is beyond all numbers; the best one remains then.
        with np.errstate(over="ignore"):
            weights = np.exp((logprobs - logprobs[0]) / params.temperature)
        weights /= weights.sum()
        # The nucleus: the fewest candidates that together reach top_p; always at least one.
        inside = int(np.searchsorted(np.cumsum(weights), params.top_p)) + 1
        weights = weights[:inside] / weights[:inside].sum()
        choice = int(generator.choice(len(weights), p=weights))
        return int(scores.top_ids[row, choice]), float(logprobs[choice])

    return pick


def pick_greedy(scores: Scores, row: int) -> tuple[int, float]:
    """The most probable token."""
    return int(scores.next_ids[row]), float(scores.top_logprobs[row, 0])

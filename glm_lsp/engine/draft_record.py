"""What became of guesses: how far to guess next follows from it."""

from __future__ import annotations

import math

from glm_lsp.engine.step_costs import StepCosts
from glm_lsp.engine.text_lookup import LONGEST_MATCH, SHORTEST_MATCH

MAX_DRAFT = 15
"""With the token before them a step of 16."""

_MEMORY = 0.97
_WEIGHT_OF_PRIOR = 8.0
_KINDS = ((SHORTEST_MATCH, 0.3), (5, 0.45), (8, 0.6), (12, 0.75), (20, 0.85), (LONGEST_MATCH, 0.9))
"""Kinds of guesses by the length of their match (at least so many bytes), and how often each token of one comes true,
as far as nothing has been seen yet."""


class DraftRecord:
    """How often the tokens of guesses came true, by kind; newer ones count more. One for each engine."""

    def __init__(self, costs: StepCosts) -> None:
        self.num_accepted = 0
        """Tokens that were guessed right, and so cost no step."""
        self._costs = costs
        self._hits = [_WEIGHT_OF_PRIOR * rate for _, rate in _KINDS]
        self._misses = [_WEIGHT_OF_PRIOR * (1 - rate) for _, rate in _KINDS]

    def rate(self, kind: int) -> float:
        """The share of tokens that came true, those behind a wrong one left out."""
        return self._hits[kind] / (self._hits[kind] + self._misses[kind])

    def worth(self, kind: int) -> int:
        """How many tokens to guess: the last one still has to save more than its row costs."""
        rate, price = self.rate(kind), self._costs.per_token
        if price <= 0 or rate >= 1:
            return MAX_DRAFT
        if price >= 1:
            return 0
        return min(MAX_DRAFT, int(math.log(price) / math.log(rate)))

    def observe(self, kind: int, num_accepted: int, *, missed: bool) -> None:
        """Takes note of a guess: how many of its tokens came true, and whether the one behind them was wrong."""
        self.num_accepted += num_accepted
        self._hits[kind] = self._hits[kind] * _MEMORY + num_accepted
        self._misses[kind] = self._misses[kind] * _MEMORY + missed


def kind_of(length: int) -> int:
    """The kind of a guess whose match has so many bytes."""
    return max(0, sum(length >= least for least, _ in _KINDS) - 1)

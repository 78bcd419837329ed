"""What became of guesses: how far to guess next follows from it."""

from __future__ import annotations

from bisect import bisect_right
from typing import Literal

from glm_lsp.engine.step_costs import StepCosts
from glm_lsp.engine.text_lookup import LONGEST_MATCH, SHORTEST_MATCH

MAX_DRAFT = 15
"""With the token before them a step of 16."""

Source = Literal["text", "answers"]
"""Where a guess comes from: the text around, or answers given before."""

_BUCKETS = (SHORTEST_MATCH, 5, 8, 12, 20, LONGEST_MATCH)
"""Least lengths of a match, in bytes, that make a kind of guess."""
_FIRST: dict[Source, tuple[float, ...]] = {
    "text": (0.15, 0.3, 0.35, 0.55, 0.7, 0.85),
    "answers": (0.4, 0.5, 0.65, 0.6, 0.65, 0.6),
}
"""How often the first token of a guess comes true, by kind, as far as nothing has been seen yet; from typing this
project's sources."""
_SECOND, _LATER = 0.6, 0.8
"""The same for the second token where the first was right, and for those behind."""
_WEIGHT_OF_PRIOR = 6.0
_MEMORY = 0.98


class _Rate:
    """How often something is so; newer cases count more."""

    def __init__(self, prior: float) -> None:
        self._true = _WEIGHT_OF_PRIOR * prior
        self._all = _WEIGHT_OF_PRIOR

    def observe(self, *, is_so: bool) -> None:
        self._true = self._true * _MEMORY + is_so
        self._all = self._all * _MEMORY + 1

    @property
    def value(self) -> float:
        return self._true / self._all


class DraftRecord:
    """How often the tokens of guesses came true, by source, length of the match, and place in the guess.

    One for each engine.

    Args:
        costs: of steps.
        step_widths: see `Session.step_widths`: guesses fill a step up, as they cost nothing then.
    """

    def __init__(self, costs: StepCosts, step_widths: tuple[int, ...] = ()) -> None:
        self.num_accepted = 0
        """Tokens that were guessed right, and so cost no step."""
        self._costs = costs
        self._widths = step_widths
        self._rates = {
            (source, bucket): (_Rate(first), _Rate(_SECOND), _Rate(_LATER))
            for source, firsts in _FIRST.items()
            for bucket, first in enumerate(firsts)
        }

    def worth(self, source: Source, length: int) -> int:
        """How many tokens to guess behind a match of `length` bytes: each has to save more than its row costs."""
        rates, price = self._of(source, length), self._costs.per_token
        chance = rates[0].value
        # The second row of a step is there in any case, so one guess is free.
        count, most = 1, self._widths[-1] - 1 if self._widths else MAX_DRAFT
        while count < most and (chance := chance * rates[min(count, 2)].value) > price:
            count += 1
        return next((width - 1 for width in self._widths if width > count), min(count, most))

    def observe(self, source: Source, length: int, num_accepted: int, *, missed: bool) -> None:
        """Takes note of a guess: how many of its tokens came true, and whether the one behind them was wrong."""
        self.num_accepted += num_accepted
        rates = self._of(source, length)
        for place in range(num_accepted):
            rates[min(place, 2)].observe(is_so=True)
        if missed:
            rates[min(num_accepted, 2)].observe(is_so=False)

    def _of(self, source: Source, length: int) -> tuple[_Rate, _Rate, _Rate]:
        return self._rates[source, max(0, bisect_right(_BUCKETS, length) - 1)]

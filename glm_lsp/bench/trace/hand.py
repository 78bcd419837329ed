"""How long a hand takes for a key, and how it slips.

Times between keys follow a log-logistic distribution, the best of 14 that were fitted to flight times of free text
(González, Calot, Ierache, Hasperué: On the shape of timings distributions in free-text keystroke dynamics profiles,
Heliyon 7, 2021). Its scale makes the mean that of 168,000 people, about 52 words of five characters a minute, and
slips are as frequent as makes about one key in twenty a backspace (Dhakal, Feit, Kristensson, Oulasvirta:
Observations on typing from 136 million keystrokes, CHI 2018). How often somebody stops to think is an assumption.
"""

from __future__ import annotations

import math
import random

_GAP_MEDIAN_MS = 200
_GAP_SHAPE = 3.3
"""With the median: a mean of 233 ms, the middle half between 143 and 279 ms."""
_SHORTEST_MS = 20
_LONGEST_MS = 20_000

_THINK_SHAPE = 2.5
_THINK_BEFORE_LINE = (0.35, 900)
"""Probability and median in milliseconds."""
_THINK_BEFORE_WORD = (0.06, 600)
_GO_MEDIAN_MS = 2_000
"""To another place: find it, and put the cursor there."""
_NOTICE_MEDIAN_MS = 350
_BACK_MEDIAN_MS = 120
"""Backspaces in a row come fast."""

_SLIP = 0.03
"""Probability for a letter or digit."""
_MOST_UNNOTICED = 2
"""Right keys pressed before a wrong one is noticed."""

_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")


class Hand:
    """Draws times in milliseconds and slips; everything follows from `rng`."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def gap(self, before: str) -> int:
        """Until the next key; `before` is the character typed last, empty at the beginning."""
        thinks, median = _THINK_BEFORE_LINE if before == "\n" else _THINK_BEFORE_WORD
        gap = self._draw(_GAP_MEDIAN_MS, _GAP_SHAPE)
        if before in "\n " and self._rng.random() < thinks:
            gap += self._draw(median, _THINK_SHAPE)
        return gap

    def way(self) -> int:
        """Until the cursor is in another place."""
        return self._draw(_GO_MEDIAN_MS, _THINK_SHAPE)

    def notice(self) -> int:
        """Until the first backspace after a slip."""
        return self._draw(_NOTICE_MEDIAN_MS, _GAP_SHAPE)

    def back(self) -> int:
        """Until one more backspace."""
        return self._draw(_BACK_MEDIAN_MS, _GAP_SHAPE)

    def slip(self, rest: str) -> str:
        """What is pressed in place of the beginning of `rest`, up to the moment it is noticed; mostly nothing."""
        neighbours = _neighbours(rest[0])
        if not neighbours or self._rng.random() >= _SLIP:
            return ""
        line = rest[1:].partition("\n")[0]
        return self._rng.choice(neighbours) + line[: self._rng.randint(0, _MOST_UNNOTICED)]

    def _draw(self, median_ms: float, shape: float) -> int:
        share = self._rng.uniform(1e-6, 1 - 1e-6)
        drawn = median_ms * math.exp(math.log(share / (1 - share)) / shape)
        return round(min(max(drawn, _SHORTEST_MS), _LONGEST_MS))


def _neighbours(char: str) -> str:
    """The keys left and right of a character's own, in its case."""
    for row in _ROWS:
        at = row.find(char.lower())
        if at >= 0:
            found = row[max(0, at - 1) : at] + row[at + 1 : at + 2]
            return found.upper() if char.isupper() else found
    return ""

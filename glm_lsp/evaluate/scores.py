"""How near a text is to the wanted one, and how sure a mean is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its 95 % interval by bootstrap."""

    value: float
    low: float
    high: float


def estimate(values: Sequence[float], seed: int) -> Estimate:
    """The mean of one value per task. The interval says what other draws of as many tasks would have given.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("a mean of nothing")
    sample = np.asarray(values, dtype=np.float64)
    rng = np.random.default_rng(seed)
    means = [sample[rng.integers(sample.size, size=sample.size)].mean() for _ in range(_RESAMPLES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(float(sample.mean()), float(low), float(high))


def estimate_ratio(parts: Sequence[float], wholes: Sequence[float], seed: int) -> Estimate:
    """The sum of `parts` over the sum of `wholes`, which is not 0; one of each per text, which is drawn whole."""
    part, whole = (np.asarray(values, dtype=np.float64) for values in (parts, wholes))
    rng = np.random.default_rng(seed)
    draws = [rng.integers(part.size, size=part.size) for _ in range(_RESAMPLES)]
    ratios = [part[draw].sum() / total for draw in draws if (total := whole[draw].sum())]
    low, high = np.quantile(ratios, [0.025, 0.975])
    return Estimate(float(part.sum() / whole.sum()), float(low), float(high))


def is_exact(written: str, wanted: str) -> bool:
    """Whether both are the same; trailing blanks do not count."""
    return written.rstrip() == wanted.rstrip()


def edit_similarity(written: str, wanted: str) -> float:
    """Twice the matching characters by all characters, from 0 to 1; blanks at either end do not count."""
    return SequenceMatcher(None, written.strip(), wanted.strip(), autojunk=False).ratio()

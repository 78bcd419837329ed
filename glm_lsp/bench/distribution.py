"""Many samples of one quantity in a few numbers, and how sure they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glm_lsp.evaluate.scores import Estimate

_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Distribution:
    """Percentiles in the samples' unit, between the two nearest samples where none lies there."""

    count: int
    mean: float
    p50: float
    p95: float
    p99: float
    max: float


def distribution(samples: Sequence[float]) -> Distribution | None:
    """The distribution of the samples; None of none."""
    if not len(samples):
        return None
    values = np.asarray(samples, np.float64)
    p50, p95, p99 = np.percentile(values, [50, 95, 99]).tolist()
    return Distribution(values.size, float(values.mean()), p50, p95, p99, float(values.max()))


def median_interval(samples: Sequence[float], seed: int = 1) -> Estimate:
    """The median and its 95 % interval by bootstrap.

    Raises:
        ValueError: there are no samples.
    """
    values = _values(samples)
    return _interval(float(np.median(values)), _resampled_medians(values, np.random.default_rng(seed)))


def median_ratio(numerators: Sequence[float], denominators: Sequence[float], seed: int = 1) -> Estimate:
    """The ratio of two medians, that of `denominators` not 0, and its 95 % interval by bootstrap.

    The samples are drawn together when there are as many of both: then those at one place were measured side by
    side, and what disturbed both does not count as their difference.

    Raises:
        ValueError: there are no samples on one side.
    """
    above, below = _values(numerators), _values(denominators)
    rng = np.random.default_rng(seed)
    if above.size == below.size:
        draws = rng.integers(above.size, size=(_RESAMPLES, above.size))
        ratios = np.median(above[draws], axis=1) / np.median(below[draws], axis=1)
    else:
        ratios = _resampled_medians(above, rng) / _resampled_medians(below, rng)
    return _interval(float(np.median(above) / np.median(below)), ratios)


def _values(samples: Sequence[float]) -> NDArray[np.float64]:
    if not len(samples):
        raise ValueError("a median of nothing")
    return np.asarray(samples, np.float64)


def _resampled_medians(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    return np.array([np.median(rng.choice(values, values.size)) for _ in range(_RESAMPLES)])


def _interval(value: float, resampled: NDArray[np.float64]) -> Estimate:
    low, high = np.quantile(resampled, [0.025, 0.975]).tolist()
    return Estimate(value, low, high)

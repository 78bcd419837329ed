"""Percentiles and how sure they are."""

from __future__ import annotations

import pytest

from glm_lsp.bench.distribution import distribution, median_interval, median_ratio


def test_percentiles_of_known_samples() -> None:
    found = distribution([float(value) for value in range(101)])
    assert found is not None
    assert (found.count, found.mean, found.p50, found.p95, found.p99, found.max) == (
        101, 50.0, 50.0, 95.0, 99.0, 100.0,
    )  # fmt: skip


def test_order_does_not_matter_and_one_sample_is_everything() -> None:
    assert distribution([3.0, 1.0, 2.0]) == distribution([1.0, 2.0, 3.0])
    found = distribution([7.0])
    assert found is not None
    assert (found.p50, found.p99, found.max) == (7.0, 7.0, 7.0)
    assert distribution([]) is None


def test_an_interval_holds_the_median_and_narrows_with_more_samples() -> None:
    few = median_interval([float(i % 10) for i in range(20)])
    many = median_interval([float(i % 10) for i in range(2000)])
    assert few.low <= few.value <= few.high
    assert many.high - many.low < few.high - few.low


def test_the_same_seed_gives_the_same_interval() -> None:
    samples = [float(i * i % 17) for i in range(50)]
    assert median_interval(samples, 3) == median_interval(samples, 3)
    assert median_ratio(samples, samples[1:], 3) == median_ratio(samples, samples[1:], 3)


def test_samples_side_by_side_share_their_disturbances() -> None:
    # Both sides slow down together, by far more than they differ.
    slow = [1.0 + (i % 7) for i in range(70)]
    paired = median_ratio([2 * value for value in slow], slow)
    apart = median_ratio([2 * value for value in slow], slow[:-1])
    assert paired.value == pytest.approx(2.0)
    assert (paired.low, paired.high) == (pytest.approx(2.0), pytest.approx(2.0))
    assert apart.high - apart.low > 0.2


@pytest.mark.parametrize(("above", "below"), [([], [1.0]), ([1.0], [])])
def test_a_median_of_nothing_is_refused(above: list[float], below: list[float]) -> None:
    with pytest.raises(ValueError, match="nothing"):
        median_ratio(above, below)

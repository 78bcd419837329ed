"""What samples of a comparison are taken to say."""

from __future__ import annotations

import pytest

from glm_lsp.bench.comparison import (
    agreement_of_ids,
    agreement_of_texts,
    bucket_name,
    by_new_tokens,
    costs,
    ratios,
)
from glm_lsp.bench.workload import Task


def task(expected: list[int], num_new: int = 1) -> Task:
    return Task(token_ids=[1, 2, 3], num_tokens=len(expected), expected=expected, num_new=num_new)


def test_agreement_counts_decisions_up_to_the_first_difference() -> None:
    tasks = [task([1, 2, 3, 4]), task([5, 6]), task([7]), task([])]
    found = agreement_of_ids(tasks, [[1, 2, 9, 9], [5, 6], [7], [8]])
    assert found.answers == pytest.approx(2 / 3)
    assert found.decisions == pytest.approx(5 / 6)
    assert found.first_difference == 3
    assert not found.is_enough


def test_an_answer_that_is_too_short_differs() -> None:
    found = agreement_of_ids([task([1, 2])], [[1]])
    assert (found.answers, found.first_difference) == (0, 2)


def test_full_agreement_has_no_first_difference() -> None:
    found = agreement_of_ids([task([1, 2])], [[1, 2]])
    assert (found.answers, found.decisions, found.first_difference) == (1, 1, None)
    assert found.is_enough


def test_texts_agree_as_wholes() -> None:
    assert agreement_of_texts(["a", "b"], ["a", "c"]).answers == 0.5


def test_nothing_has_no_agreement() -> None:
    with pytest.raises(ValueError, match="nothing"):
        agreement_of_ids([task([])], [[]])


def test_costs_find_the_parts_of_the_sum() -> None:
    tasks = [task([0] * written, new) for written in range(1, 9) for new in (1, 4, 30)]
    ms = [2.0 + 0.1 * one.num_new + 0.5 * one.num_tokens for one in tasks]
    found = costs(tasks, ms)
    assert found is not None
    assert (found.fixed, found.per_new_token, found.per_token) == pytest.approx((2.0, 0.1, 0.5))


def test_costs_are_not_made_up_from_equal_requests() -> None:
    assert costs([task([1]), task([2])], [3.0, 4.0]) is None
    assert costs([], []) is None


def test_a_peer_twice_as_slow_has_ratio_two() -> None:
    ours = [1.0, 2.0, 3.0, 10.0]
    found = ratios([2 * t for t in ours], ours)
    assert (found.p50.value, found.p95, found.each) == pytest.approx((2, 2, 2))
    assert found.p50.low <= 2 <= found.p50.high


def test_every_request_falls_into_one_bucket() -> None:
    news = [1, 2, 4, 5, 16, 17, 64, 65, 400]
    found = by_new_tokens([task([1], new) for new in news], [float(new) for new in news])
    assert {name: of_these.count for name, of_these in found.items()} == {
        "1": 1, "2-4": 2, "5-16": 2, "17-64": 2, "65+": 2,
    }  # fmt: skip
    assert found["65+"].max == 400
    assert bucket_name(65, None) == "65+"

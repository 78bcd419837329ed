"""Sampling among the eight candidates of a row."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from glm_lsp.engine.sampler import SamplingParams, make_sampler
from glm_lsp.engine.session import Scores

PROBABILITIES = np.array([0.4, 0.2, 0.1, 0.1, 0.05, 0.05, 0.02, 0.01])


def scores() -> Scores:
    ids = np.arange(10, 18)[None]
    return Scores(ids[:, 0], ids, np.log(PROBABILITIES)[None].astype(np.float32), None)


def draws(params: SamplingParams, count: int = 4000) -> Counter[int]:
    pick = make_sampler(params)
    return Counter(pick(scores(), 0)[0] for _ in range(count))


def test_temperature_zero_is_greedy() -> None:
    token_id, logprob = make_sampler(SamplingParams())(scores(), 0)
    assert token_id == 10
    assert logprob == pytest.approx(np.log(0.4), abs=1e-6)


def test_the_smallest_temperature_is_almost_greedy() -> None:
    assert set(draws(SamplingParams(temperature=5e-324, seed=1))) == {10}


def test_temperature_one_follows_the_probabilities() -> None:
    counts = draws(SamplingParams(temperature=1, seed=1))
    expected = PROBABILITIES / PROBABILITIES.sum()
    assert [counts[i] / 4000 for i in range(10, 18)] == pytest.approx(expected, abs=0.03)


def test_top_k_and_top_p_cut_the_tail() -> None:
    assert set(draws(SamplingParams(temperature=1, top_k=2, seed=1))) == {10, 11}
    # 0.4 / 0.93 = 0.43 is not yet 0.5; with the second candidate it is.
    assert set(draws(SamplingParams(temperature=1, top_p=0.5, seed=1))) == {10, 11}
    assert set(draws(SamplingParams(temperature=1, top_p=0.01, seed=1))) == {10}


def test_a_seed_repeats() -> None:
    first, second = (make_sampler(SamplingParams(temperature=1, seed=5)) for _ in range(2))
    assert [first(scores(), 0) for _ in range(50)] == [second(scores(), 0) for _ in range(50)]


def test_low_temperature_sharpens_without_overflow() -> None:
    assert draws(SamplingParams(temperature=1e-3, seed=1)) == Counter({10: 4000})

"""Fitting the weights for copying: they are found again where they are known."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from glm_lsp.engine.copying import Proposal
from glm_lsp.errors import InputError
from glm_lsp.models.manifest import CopyWeights
from glm_lsp.train.copy_weights import Observation, fit

TRUE = CopyWeights(bias=-3.0, length=1.0, places=0.3, agreement=2.0, best=-1.0, copied=0.5, same=0.4)
COPIED, MODEL = 300, 301


def observation(rng: random.Random, weights: CopyWeights) -> Observation:
    """One token, copied as often as the weights say."""
    places, agreed = rng.randint(1, 16), rng.uniform(0.5, 1.0)
    proposal = Proposal(
        model={MODEL: rng.uniform(0.1, 0.9), COPIED: rng.uniform(0.0, 0.05)},
        copied={COPIED: agreed, 302: 1 - agreed},
        length=rng.randint(3, 32),
        num_places=places,
    )
    is_copied = rng.random() < proposal.share(weights)
    source = proposal.copied if is_copied else proposal.model
    token_id = rng.choices([*source, 999], [*source.values(), max(0.0, 1 - sum(source.values()))])[0]
    return Observation(
        proposal.features(), max(1e-5, proposal.model.get(token_id, 0.0)), proposal.copied.get(token_id, 0.0)
    )


def test_known_weights_are_found_again() -> None:
    rng = random.Random(3)
    observations = [observation(rng, TRUE) for _ in range(20_000)]
    found = fit(observations)
    for one in observations[:200]:
        wanted = _share(one, TRUE)
        assert _share(one, found.weights) == pytest.approx(wanted, abs=0.08)
    assert found.bits_mixed < found.bits_model
    assert found.num_observations == 20_000


def test_what_never_helps_gets_no_share() -> None:
    rng = random.Random(4)
    observations = [replace(observation(rng, TRUE), model=0.5, copied=0.0) for _ in range(2000)]
    found = fit(observations)
    assert all(_share(one, found.weights) < 0.02 for one in observations)
    assert found.bits_mixed == pytest.approx(1.0, abs=0.02)


def test_nothing_to_fit_to_is_said() -> None:
    with pytest.raises(InputError, match="nothing to say"):
        fit([])


def _share(one: Observation, weights: CopyWeights) -> float:
    values = (
        weights.bias,
        weights.length,
        weights.places,
        weights.agreement,
        weights.best,
        weights.copied,
        weights.same,
    )
    return 1 / (1 + math.exp(-sum(a * b for a, b in zip(values, one.features, strict=True))))

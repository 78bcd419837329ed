"""How likely a text is what the person wants: from the probabilities of its tokens, calibrated on held-out code.

A model's own probabilities say how likely a text is among all texts, and small models are too modest in the middle
and too sure at the end. A logistic function of a few sums puts that right; its weights are fitted for each model
(`ConfidenceWeights` of its manifest). A model without weights is taken at its word.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from glm_lsp.engine.description import ConfidenceWeights


def features(logprobs: Sequence[float]) -> tuple[float, ...]:
    """What the weights are for, in the order of `ConfidenceWeights`; `logprobs` is not empty."""
    total = math.fsum(logprobs)
    return 1.0, total, min(logprobs), math.log(len(logprobs)), math.exp(total)


def probability(logprobs: Sequence[float], weights: ConfidenceWeights | None) -> float:
    """The probability that a person wants exactly these tokens, whatever comes after them.

    Args:
        logprobs: natural log-probabilities of the tokens, at least one.
        weights: of the model.
    """
    if weights is None:
        return math.exp(math.fsum(logprobs))
    values = (weights.bias, weights.total, weights.lowest, weights.length, weights.product)
    logit = sum(weight * value for weight, value in zip(values, features(logprobs), strict=True))
    return 1 / (1 + math.exp(-logit)) if logit > -700 else 0.0

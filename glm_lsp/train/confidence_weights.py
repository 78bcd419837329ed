"""How far a model may be believed: the confidence of its manifest, fitted on held-out lines as they are typed.

The model is asked as an editor would ask it. Each part of its answer that could be shown is right or wrong: the author
went on with just that, or not. The weights are those under which what came true was likeliest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from glm_lsp.completion.confidence import features
from glm_lsp.completion.lifecycle import Completer
from glm_lsp.completion.mode import Mode
from glm_lsp.completion.outcome import Outcome, Written
from glm_lsp.completion.part import parts
from glm_lsp.completion.postprocess import passed
from glm_lsp.engine.client.client import EngineClient
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.inprocess import InProcessClient
from glm_lsp.errors import InputError
from glm_lsp.evaluate.typing_simulation import is_taken
from glm_lsp.models.manifest import ConfidenceWeights
from glm_lsp.models.store import ModelFolder
from glm_lsp.train.typing_places import TypingPlace

FEWEST_ANSWERS = 50
NUM_BINS = 10
_ROUNDS = 60
_RIDGE = 1e-5
"""For each observation: keeps the weights finite where a model is always right, or never."""
_SIGNS = np.array([0, 1, 1, -1, 1])
"""Which weights may only be positive or negative, in the order of `ConfidenceWeights`. What is surer of each token has
to be surer of all, and a longer part is never likelier than its own beginning."""
_LEAST_PROBABILITY = 1e-6
_SMALL = 1e-7
_MOST_REFUSED = 1000

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ObservedPart:
    """A beginning of an answer: what its confidence is computed from, and whether the author wrote it."""

    features: tuple[float, ...]
    is_right: bool


ObservedAnswer = Sequence[ObservedPart]
"""All parts of one answer that could be shown, the shortest first; it has at least one."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The parts whose probability lies within a tenth: the mean of what was predicted, and the share that was right."""

    num_parts: int
    predicted: float
    right: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How good probabilities are on some answers.

    Attributes:
        loss_model: mean log loss of a part in nats, the model taken at its word.
        loss_fitted: the same with the weights.
        bins: ten, by the probability under the weights, the lowest first; None where no part lies.
    """

    num_parts: int
    loss_model: float
    loss_fitted: float
    bins: tuple[Bin | None, ...]


def observe(
    folder: ModelFolder, places: Iterable[TypingPlace], count: int, *, threads: int | None = None
) -> list[ObservedAnswer]:
    """Asks the model at so many places and compares its answers with what stood there.

    Returns:
        The answers of which anything could be shown.

    Raises:
        InputError: there are not so many places where anybody would ask.
        ModelError, RuntimeLibraryError: the model cannot be run.
    """
    with Engine.load(folder, threads=threads) as engine:
        return asyncio.run(_observe(InProcessClient(engine), places, count))


def observed_parts(text: str, written: Written, rest: str) -> ObservedAnswer:
    """The parts of a text that could be shown; none where the model told no probabilities.

    Args:
        text: what post-processing left.
        written: what it comes from.
        rest: what the author wrote from the cursor on.
    """
    begin = written.text.find(text)
    observed = []
    for part in parts(text, written, None):
        # What post-processing has changed inside is one part, and all of the answer's tokens are about it.
        end = begin + len(part.text) if begin >= 0 else len(written.text)
        logprobs = written.until(end).token_logprobs
        if logprobs and part.text:
            observed.append(ObservedPart(features(logprobs), is_taken(part.text, rest)))
    return observed


def fit(answers: Sequence[ObservedAnswer]) -> ConfidenceWeights:
    """The weights of the largest likelihood, drawn a little towards zero: Newton's method.

    A weight that would get the wrong sign is left out.

    Raises:
        InputError: there are too few answers to tell.
    """
    if len(answers) < FEWEST_ANSWERS:
        raise InputError(
            f"only {len(answers)} answers could be shown, too few to tell how far they may be believed; "
            f"{FEWEST_ANSWERS} are the least",
            "Ask at more places.",
        )
    values, right = _table(answers)
    used = np.full(len(_SIGNS), fill_value=True)
    weights = _newton(values, right, used)
    # The bias, which comes first, may have any sign: if it is the worst, none is wrong.
    while worst := int(np.argmin(weights * _SIGNS)):
        used[worst] = False
        weights = _newton(values, right, used)
    rounded = (round(weight, 4) for weight in weights.tolist())
    return ConfidenceWeights(**dict(zip(ConfidenceWeights.__struct_fields__, rounded, strict=True)))


def calibrate(weights: ConfidenceWeights, answers: Sequence[ObservedAnswer]) -> Calibration:
    """How well the weights do, best on other answers than those they were fitted to.

    Raises:
        InputError: there is no answer.
    """
    if not answers:
        raise InputError("no answer could be shown", "Ask at more places.")
    values, right = _table(answers)
    fitted = _probabilities(values, np.array([getattr(weights, name) for name in weights.__struct_fields__]))
    model = values[:, -1]
    edges = np.linspace(0, 1, NUM_BINS + 1)
    edges[-1] = np.inf
    within = [(low <= fitted) & (fitted < high) for low, high in pairwise(edges)]
    return Calibration(
        num_parts=len(right),
        loss_model=_log_loss(model, right),
        loss_fitted=_log_loss(fitted, right),
        bins=tuple(
            Bin(int(mask.sum()), float(fitted[mask].mean()), float(right[mask].mean()))
            if mask.any()
            else None
            for mask in within
        ),
    )


async def _observe(client: EngineClient, places: Iterable[TypingPlace], count: int) -> list[ObservedAnswer]:
    answers = []
    num_asked = num_refused = 0
    for place in places:
        # A completer remembers what it was told at the keys before; here each key is to be a question of its own.
        outcome = await Completer(client).suggest(place.snapshot)
        if outcome.judgements:
            num_asked, num_refused = num_asked + 1, 0
            if observed := _answer(outcome, place.rest):
                answers.append(observed)
            if num_asked == count:
                return answers
        elif (num_refused := num_refused + 1) == _MOST_REFUSED:
            break
    raise InputError("the files have too few places where anybody would ask", "Name a split with more code.")


def _answer(outcome: Outcome, rest: str) -> ObservedAnswer:
    """As `judge` would have come to its parts."""
    written = outcome.judgements[0].written
    kept = written.whole_lines() if outcome.mode is Mode.BLOCK else written
    filtered = passed(kept.text, outcome.surroundings) if outcome.surroundings else None
    return observed_parts(filtered.text, kept, rest) if filtered else []


def _table(answers: Sequence[ObservedAnswer]) -> tuple[Floats, Floats]:
    """Features [parts, 5], and 1 where a part is right, 0 where it is not."""
    values = np.array([part.features for answer in answers for part in answer])
    return values, np.array([part.is_right for answer in answers for part in answer], dtype=np.float64)


def _newton(values: Floats, right: Floats, used: NDArray[np.bool_]) -> Floats:
    """The best weights; 0 where one is not used. A step that makes things worse is halved."""
    values = values * used
    ridge = _RIDGE * len(right)
    weights = np.zeros(values.shape[1])
    cost = _cost(values, right, weights, ridge)
    for _ in range(_ROUNDS):
        p = _probabilities(values, weights)
        gradient = values.T @ (p - right) + ridge * weights
        curvature = (values.T * (p * (1 - p))) @ values + ridge * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        while (better := _cost(values, right, weights - step, ridge)) > cost and np.abs(step).max() > _SMALL:
            step /= 2
        weights, cost = weights - step, better
        if np.abs(step).max() <= _SMALL:
            break
    return weights


def _cost(values: Floats, right: Floats, weights: Floats, ridge: float) -> float:
    logits = values @ weights
    return float((np.logaddexp(0, logits) - right * logits).sum() + ridge / 2 * (weights @ weights))


def _probabilities(values: Floats, weights: Floats) -> Floats:
    return np.exp(-np.logaddexp(0, -(values @ weights)))


def _log_loss(predicted: Floats, right: Floats) -> float:
    kept = np.clip(predicted, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return float(-(right * np.log(kept) + (1 - right) * np.log(1 - kept)).mean())

"""How much a model should copy: the weights of its manifest, fitted on held-out lines.

For every token of the rest of a line it is written down what the model says, what copying says and what stood there.
The weights are those under which the mixture gives what stood there the most probability.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glm_lsp.completion.context import WindowBudget
from glm_lsp.engine.copying import Copier
from glm_lsp.engine.healing import VocabularyIndex
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.session import Scores
from glm_lsp.engine.text_lookup import TextLookup, Trail
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest
from glm_lsp.errors import InputError
from glm_lsp.evaluate.lines import LineTask, request_of
from glm_lsp.models.manifest import CopyWeights
from glm_lsp.models.store import ModelFolder

NO_WEIGHTS = CopyWeights(bias=0, length=0, places=0, agreement=0, best=0, copied=0, same=0)
END = "<|endoftext|>"
_LONGEST_LINE = 48
_ROUNDS = 60
_RIDGE = 1e-4
_LEAST_PROBABILITY = 1e-5
"""Of a token outside the eight best, about which nothing is known."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One token that copying had something to say about; the probabilities are those of what stood there."""

    features: tuple[float, ...]
    model: float
    copied: float


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights, and the bits for each observed token by the model alone and with copying."""

    weights: CopyWeights
    num_observations: int
    bits_model: float
    bits_mixed: float


def observe(folder: ModelFolder, tasks: Sequence[LineTask]) -> Iterator[Observation]:
    """Runs every task's prompt with what really stood at the cursor behind it."""
    manifest = folder.manifest
    tokenizer = SourceTokenizer.open(folder.tokenizer_path)
    session = OnnxSession.open(folder)
    encoder = PromptEncoder(tokenizer, manifest.prompt_profile, manifest.context_length, "off")
    copier = Copier(VocabularyIndex(tokenizer.byte_vocabulary()), NO_WEIGHTS, tokenizer.special_ids)
    budget = WindowBudget.for_context(manifest.context_length, copies=True)
    kv = session.new_kv()
    for task in tasks:
        request = request_of(task, budget)
        prompt = encoder.encode(request)
        room = min(_LONGEST_LINE, manifest.context_length - len(prompt) - 1)
        token_ids = [*tokenizer.encode(task.wanted)[:room], tokenizer.special_id(END)]
        scores = session.run(kv, 0, (prompt + token_ids)[:-1], len(token_ids))
        yield from _along(copier, request, scores, token_ids)


def fit(observations: Sequence[Observation]) -> Fit:
    """The weights of the largest likelihood, drawn a little towards zero.

    Expectation and maximisation: how likely each token was copied, given the weights; then one Newton step of a
    logistic regression towards that.

    Raises:
        InputError: there is nothing to fit to.
    """
    if not observations:
        raise InputError("copying has nothing to say about the held-out lines", "Measure on more lines.")
    features = np.array([one.features for one in observations])
    model = np.array([one.model for one in observations])
    copied = np.array([one.copied for one in observations])
    weights = np.zeros(features.shape[1])
    ridge = _RIDGE * len(observations) * np.eye(len(weights))
    for _ in range(_ROUNDS):
        share = _share(features, weights)
        was_copied = share * copied / ((1 - share) * model + share * copied)
        gradient = features.T @ (was_copied - share) - ridge @ weights
        curvature = (features.T * (share * (1 - share))) @ features + ridge
        weights += np.linalg.solve(curvature, gradient)
    share = _share(features, weights)
    values = [round(value, 4) for value in weights.tolist()]
    return Fit(
        CopyWeights(**dict(zip(CopyWeights.__struct_fields__, values, strict=True))),
        len(observations),
        float(-np.log2(model).mean()),
        float(-np.log2((1 - share) * model + share * copied).mean()),
    )


def _share(features: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-(features @ weights)))


def _along(
    copier: Copier, request: CompletionRequest, scores: Scores, token_ids: Sequence[int]
) -> Iterator[Observation]:
    lookup = TextLookup(request.lookup_texts())
    copying = copier.start(Trail(lookup, lookup.tail()), within_line=True)
    for row, token_id in enumerate(token_ids):
        proposal = copying.propose(scores.row(row))
        if proposal is not None:
            yield Observation(
                proposal.features(),
                max(_LEAST_PROBABILITY, proposal.model.get(token_id, 0.0)),
                proposal.copied.get(token_id, 0.0),
            )
        copying.after(token_id)

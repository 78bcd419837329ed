"""How far a released model may be believed: its weights, and how well they hold on other code."""

from __future__ import annotations

from pathlib import Path

from glm_lsp.models.store import ModelFolder
from glm_lsp.train import confidence_weights
from glm_lsp.train.release.measure import FITTING_SPLIT, Sample
from glm_lsp.train.release.metrics import ConfidenceBin, ConfidenceMetrics
from glm_lsp.train.stream import read_documents
from glm_lsp.train.typing_places import draw_places


def fit_confidence(
    folder: ModelFolder, corpus: Path, sample: Sample, *, threads: int | None = None
) -> ConfidenceMetrics:
    """Fitted on the valid split, whichever split is measured on; measured on half as many other cursors.

    The model has to copy as it will: its probabilities depend on it.

    Raises:
        TrainingError: the corpus has no such splits.
        InputError: they are too small, or the model has hardly an answer that could be shown.
    """
    fitted = _observe(folder, corpus, FITTING_SPLIT, sample, sample.requests, sample.seed + 3, threads)
    others = _observe(
        folder, corpus, sample.split, sample, -(-sample.requests // 2), sample.seed + 4, threads
    )
    weights = confidence_weights.fit(fitted)
    found = confidence_weights.calibrate(weights, others)
    return ConfidenceMetrics(
        weights=weights,
        split=FITTING_SPLIT,
        answers=len(fitted),
        measured_split=sample.split,
        measured_answers=len(others),
        measured_parts=found.num_parts,
        loss_model=round(found.loss_model, 4),
        loss_fitted=round(found.loss_fitted, 4),
        bins=tuple(_bin(one) if one else None for one in found.bins),
        languages=sample.languages,
        seed=sample.seed,
    )


def _observe(  # noqa: PLR0917
    folder: ModelFolder, corpus: Path, split: str, sample: Sample, count: int, seed: int, threads: int | None
) -> list[confidence_weights.ObservedAnswer]:
    documents = read_documents(corpus / f"{split}.jsonl")
    chosen = [one for one in documents if not sample.languages or one.language in sample.languages]
    return confidence_weights.observe(folder, draw_places(chosen, seed), count, threads=threads)


def _bin(one: confidence_weights.Bin) -> ConfidenceBin:
    return ConfidenceBin(parts=one.num_parts, predicted=round(one.predicted, 4), right=round(one.right, 4))

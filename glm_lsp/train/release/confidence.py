"""How far a released model may be believed: its weights, and how well they hold on other code."""

from __future__ import annotations

from pathlib import Path

from glm_lsp.models.store import ModelFolder
from glm_lsp.train.confidence_weights import Bin, ObservedAnswer, calibrate, fit, observe
from glm_lsp.train.example import Document
from glm_lsp.train.release.measure import FITTING_SPLIT, Sample
from glm_lsp.train.release.metrics import ConfidenceBin, ConfidenceMetrics, TypedLines
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
    ours = _documents(corpus, FITTING_SPLIT, sample)
    answers = observe(folder, draw_places(ours, sample.seed + 3), sample.requests, threads=threads)
    weights = fit(answers)
    others = _documents(corpus, sample.split, sample)
    unseen = observe(folder, draw_places(others, sample.seed + 4), -(-sample.requests // 2), threads=threads)
    found = calibrate(weights, unseen)
    return ConfidenceMetrics(
        weights=weights,
        fitted=_typed_lines(FITTING_SPLIT, ours, answers),
        measured=_typed_lines(sample.split, others, unseen),
        loss_model=round(found.loss_model, 4),
        loss_fitted=round(found.loss_fitted, 4),
        bins=tuple(_bin(one) if one else None for one in found.bins),
        seed=sample.seed,
    )


def _documents(corpus: Path, split: str, sample: Sample) -> list[Document]:
    documents = read_documents(corpus / f"{split}.jsonl")
    return [one for one in documents if not sample.languages or one.language in sample.languages]


def _typed_lines(split: str, documents: list[Document], answers: list[ObservedAnswer]) -> TypedLines:
    return TypedLines(
        split=split,
        languages=tuple(sorted({one.language for one in documents})),
        projects=len({one.package for one in documents}),
        answers=len(answers),
        parts=sum(map(len, answers)),
    )


def _bin(one: Bin) -> ConfidenceBin:
    return ConfidenceBin(parts=one.num_parts, predicted=round(one.predicted, 4), right=round(one.right, 4))

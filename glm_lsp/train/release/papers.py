"""What goes out with the weights: metrics.json, MODEL_CARD.md, NOTICE.txt and the corpus manifest."""

from __future__ import annotations

import lzma
import shutil
import tempfile
from pathlib import Path

import msgspec

from glm_lsp.models.convert import CORPUS_MANIFEST_FILE
from glm_lsp.models.integrity import describe_folder, require_intact
from glm_lsp.models.manifest import MANIFEST_FILE
from glm_lsp.models.store import ModelFolder
from glm_lsp.paths import storage_error
from glm_lsp.train.release import card
from glm_lsp.train.release.facts import CORPUS_MANIFEST, read_evaluations
from glm_lsp.train.release.metrics import METRICS_FILE, ConfidenceMetrics, Metrics

NOTICE_FILE = "NOTICE.txt"


def write_papers(metrics: Metrics, corpus: Path, folder: Path) -> None:
    """Writes all four into a checkpoint folder, from where the conversion takes them along."""
    _write_card(metrics, folder)
    shutil.copyfile(corpus / NOTICE_FILE, folder / NOTICE_FILE)
    packed = lzma.compress((corpus / CORPUS_MANIFEST).read_bytes(), preset=9 | lzma.PRESET_EXTREME)
    (folder / CORPUS_MANIFEST_FILE).write_bytes(packed)


def rewrite_card(
    folder: Path,
    evaluations: Path | None = None,
    notes: str | None = None,
    confidence: ConfidenceMetrics | None = None,
) -> Metrics:
    """Adds evaluations, notes or another confidence to a released model: metrics.json, card and manifest are anew.

    All three are written beside the old ones first, so that a failure leaves the model as it was.

    Raises:
        TrainingError: the model has no metrics.json.
        InputError: an evaluation cannot be used.
        ModelError: the folder is not a model, or damaged.
        StorageError: a file cannot be written.
    """
    model = ModelFolder.load(folder)
    require_intact(folder, model.manifest)
    metrics = Metrics.read(folder)
    metrics = msgspec.structs.replace(
        metrics,
        evaluations=metrics.evaluations | read_evaluations(evaluations),
        notes=metrics.notes if notes is None else notes,
        confidence=confidence or metrics.confidence,
    )
    manifest = model.manifest
    if confidence is not None:
        manifest = msgspec.structs.replace(manifest, confidence=confidence.weights)
    try:
        # A hidden folder, which no manifest counts: what fails in it leaves the model as it was.
        with tempfile.TemporaryDirectory(prefix=".card-", dir=folder) as workshop:
            fresh = Path(workshop)
            _write_card(metrics, fresh)
            files = manifest.files | describe_folder(fresh)
            msgspec.structs.replace(manifest, files=files).write(fresh)
            for name in (card.CARD_FILE, METRICS_FILE, MANIFEST_FILE):
                (fresh / name).replace(folder / name)
    except OSError as error:
        raise storage_error(folder, error) from error
    return metrics


def _write_card(metrics: Metrics, folder: Path) -> None:
    text = card.render(metrics)
    metrics.write(folder)
    (folder / card.CARD_FILE).write_text(text, encoding="utf-8")

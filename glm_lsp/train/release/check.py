"""Does a released model still give what its card says? Measured again from the shipped weights."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from glm_lsp.errors import ReleaseGateError
from glm_lsp.models.integrity import require_intact
from glm_lsp.models.manifest import ConfidenceWeights, CopyWeights
from glm_lsp.models.store import ModelFolder
from glm_lsp.train.release import card
from glm_lsp.train.release.facts import ESTIMATE, read_evaluations
from glm_lsp.train.release.measure import HeldOutText, Sample, Say, measure_export, measure_quality
from glm_lsp.train.release.metrics import METRICS_FILE, Metrics, PrecisionMetrics

TOLERANCE = {
    "bits_per_byte": 0.005, "perplexity": 0.5,
    "bytes": 0.0, "files": 0.0, "tasks": 0.0, "num_tasks": 0.0, "count": 0.0, "seed": 0.0,
}  # fmt: skip
"""Absolute. int8 products are rounded differently on other processors, and near-ties fall either way."""

SHARE_TOLERANCE = 0.01
"""Of shares between 0 and 1 (exact match, similarity, agreement)."""

RELATIVE_TOLERANCE = 0.02
"""Of other figures of an evaluation above 1."""

UNREPEATABLE = frozenset(("ms", "seconds", "second", "latency", "timing", "machine", "duration", "rss"))
"""Figures with one of these words in their name depend on the machine and the moment."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure as the card has it and as it was measured now."""

    name: str
    stated: float
    found: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether they agree within the tolerance; NaN agrees with nothing."""
        return abs(self.stated - self.found) <= self.tolerance


def check(
    folder: ModelFolder,
    corpus: Path,
    *,
    reference: ModelFolder | None = None,
    evaluations: Path | None = None,
    say: Say = lambda _: None,
) -> list[Comparison]:
    """Verifies the files, renders the card again, and measures what metrics.json states.

    Args:
        reference: the fp32 export; with it, greedy agreement is measured again too.
        evaluations: folder of new figures of `glm-lsp eval --json`, compared with those on the card by file name.

    Raises:
        ModelFileError: a file is missing, altered or not in the manifest.
        TrainingError: there is no metrics.json.
        ReleaseGateError: the card is not the one these metrics give, the metrics are about other weights, or the
            split has changed.
        InputError: the corpus or an evaluation cannot be used.
    """
    fresh = read_evaluations(evaluations)
    require_intact(folder.path, folder.manifest)
    stated = Metrics.read(folder.path)
    _check_card(folder, stated)
    sample = stated.held_out
    held_out = HeldOutText(
        corpus,
        Sample(
            split=sample.split,
            languages=sample.languages,
            max_bytes=sample.max_bytes,
            lines=sample.lines,
            prompts=sample.prompts,
            seed=sample.seed,
        ),
    )
    if held_out.describe().bytes != sample.bytes:
        raise ReleaseGateError(
            f"the {sample.split} split of {corpus} gives {held_out.describe().bytes} bytes, the card is about "
            f"{sample.bytes}",
            "Check against the corpus the model was released with.",
        )
    say("text and lines")
    found = compare("quality", msgspec.to_builtins(stated.quality), _measured(folder, held_out))
    if reference is not None:
        say("agreement with fp32")
        found += _check_agreement(folder, reference, held_out, stated.precisions[stated.precision])
    known = {name: figures for name, figures in stated.evaluations.items() if name in fresh}
    return found + compare("evaluations", known, fresh)


def compare(name: str, stated: Any, found: Any) -> list[Comparison]:
    """Every figure of `stated` that repeats, with its like in `found`; a figure that is gone is NaN now."""
    pairs = dict(_figures(name, found))
    return [
        Comparison(path, value, pairs.get(path, math.nan), _tolerance(path, value))
        for path, value in _figures(name, stated)
    ]


def _check_card(folder: ModelFolder, stated: Metrics) -> None:
    if stated.precision != folder.manifest.precision:
        raise ReleaseGateError(
            f"{METRICS_FILE} is about {stated.precision} weights, the model has {folder.manifest.precision}",
            "Release the model again.",
        )
    if stated.copying.weights != folder.manifest.copying:
        raise ReleaseGateError(
            f"{METRICS_FILE} is about the weights for copying {_weights(stated.copying.weights)}, "
            f"the model copies with {_weights(folder.manifest.copying)}",
            "Release the model again.",
        )
    believed = stated.confidence.weights if stated.confidence else None
    if believed != folder.manifest.confidence:
        raise ReleaseGateError(
            f"{METRICS_FILE} is about the weights of confidence {_weights(believed)}, "
            f"the model is believed with {_weights(folder.manifest.confidence)}",
            "Fit them with `python -m glm_lsp.train.release confidence MODEL CORPUS`.",
        )
    if (folder.path / card.CARD_FILE).read_text(encoding="utf-8") != card.render(stated):
        raise ReleaseGateError(
            f"{card.CARD_FILE} is not what {METRICS_FILE} gives",
            "Write it anew with `python -m glm_lsp.train.release card MODEL`.",
        )


def _weights(weights: CopyWeights | ConfidenceWeights | None) -> str:
    return msgspec.json.encode(weights).decode()


def _measured(folder: ModelFolder, held_out: HeldOutText) -> Any:
    return msgspec.to_builtins(measure_quality(folder, held_out))


def _check_agreement(
    folder: ModelFolder, reference: ModelFolder, held_out: HeldOutText, stated: PrecisionMetrics
) -> list[Comparison]:
    if stated.agreement is None:
        return []
    base = measure_export(reference, held_out, None, accuracy_level=0)
    now = measure_export(folder, held_out, base, accuracy_level=stated.accuracy_level).metrics.agreement
    return compare("agreement", msgspec.to_builtins(stated.agreement), msgspec.to_builtins(now))


def _figures(name: str, value: Any) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _figures(f"{name}.{key}", part)
    elif isinstance(value, int | float) and not isinstance(value, bool) and _repeats(name):
        yield name, float(value)


def _repeats(name: str) -> bool:
    return UNREPEATABLE.isdisjoint(re.split(r"[._\s]", name))


def _tolerance(path: str, value: float) -> float:
    # An estimate is a figure's value with the ends of its interval.
    key = next(part for part in reversed(path.split(".")) if part not in ESTIMATE)
    if key in TOLERANCE:
        return TOLERANCE[key]
    if "bits_per_byte" in key:
        return TOLERANCE["bits_per_byte"]
    return max(SHARE_TOLERANCE, RELATIVE_TOLERANCE * abs(value)) if abs(value) > 1 else SHARE_TOLERANCE

"""`metrics.json`: everything that was measured of a released model, and on what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from glm_lsp.errors import TrainingError
from glm_lsp.evaluate.agreement import Agreement
from glm_lsp.models.manifest import ConfidenceWeights, CopyWeights

METRICS_FILE = "metrics.json"


class HeldOut(Struct, frozen=True, kw_only=True):
    """What was measured on: about `max_bytes` of one split, and cursors drawn from it with `seed`.

    `languages` are those looked at; none means all.
    """

    split: str
    languages: tuple[str, ...] = ()
    max_bytes: int
    bytes: int
    files: int
    lines: int
    prompts: int
    seed: int
    xz_bits_per_byte: float


class TextMetrics(Struct, frozen=True, kw_only=True):
    """Prediction from left to right; perplexity is for one token."""

    bits_per_byte: float
    perplexity: float
    bytes: int


class LineMetrics(Struct, frozen=True, kw_only=True):
    """Shares between 0 and 1 over `tasks` cursors, greedy, to the end of the line."""

    exact_match: float
    edit_similarity: float
    tasks: int


class Quality(Struct, frozen=True, kw_only=True):
    """The released weights on held-out text.

    `lines` is with and without the text after the cursor, and with it by the model alone, without copying.
    """

    text: TextMetrics
    text_by_language: dict[str, TextMetrics]
    lines: dict[str, LineMetrics]
    lines_by_language: dict[str, LineMetrics]


class CopyMetrics(Struct, frozen=True, kw_only=True):
    """How much the released model copies, and what that is worth: bits for each token that could be copied."""

    weights: CopyWeights
    split: str
    lines: int
    tokens: int
    bits_model: float
    bits_mixed: float


class ConfidenceBin(Struct, frozen=True, kw_only=True):
    """Parts of answers whose probability lies within a tenth: its mean, and the share that was right."""

    parts: int
    predicted: float
    right: float


class TypedLines(Struct, frozen=True, kw_only=True):
    """Answers to held-out lines while they were typed: of which split, in which languages, of how many projects."""

    split: str
    languages: tuple[str, ...]
    projects: int
    answers: int
    parts: int


class ConfidenceMetrics(Struct, frozen=True, kw_only=True):
    """How far the released model may be believed: what that was fitted to, and how well it holds elsewhere.

    Log losses are means over the parts of `measured`, in nats; `loss_model` is that of the model taken at its word.
    `bins` are the ten tenths, the lowest first, None where no part lies.
    """

    weights: ConfidenceWeights
    fitted: TypedLines
    measured: TypedLines
    loss_model: float
    loss_fitted: float
    bins: tuple[ConfidenceBin | None, ...]
    seed: int


class PrecisionMetrics(Struct, frozen=True, kw_only=True):
    """One export beside fp32; sizes in bytes, times in milliseconds on the measuring machine.

    `agreement` is None for fp32 itself; `gate` says why it may not be released, and is empty when it may.
    """

    precision: str
    accuracy_level: int
    bits_per_byte: float
    bits_per_byte_change: float
    weight_bytes: int
    ms_per_token: float
    agreement: Agreement | None = None
    gate: str = ""


class Shape(Struct, frozen=True, kw_only=True):
    """What kind of model it is."""

    architecture: str
    parameters: int
    vocabulary: int
    context: int
    prompt_profile: str
    healing: str
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int


class Metrics(Struct, frozen=True, kw_only=True):
    """The whole file.

    Attributes:
        precision: of the released weights; one of `precisions`.
        copying: fitted on lines of the valid split, whichever split `quality` was measured on.
        confidence: likewise; None for a model that is taken at its word.
        corpus: counts of the corpus' report and manifest.
        training: steps, tokens, hours, hardware; whether the weights are averaged.
        recipe: every hyper-parameter.
        evaluations: the figures of `glm-lsp eval --json`, by the name of their file.
        measured_on: the machine and versions the figures come from.
        notes: hand-written paragraphs that hold for this model only.
    """

    name: str
    precision: str
    shape: Shape
    held_out: HeldOut
    quality: Quality
    copying: CopyMetrics
    precisions: dict[str, PrecisionMetrics]
    corpus: dict[str, Any]
    training: dict[str, Any]
    recipe: dict[str, Any]
    evaluations: dict[str, Any]
    measured_on: dict[str, Any]
    confidence: ConfidenceMetrics | None = None
    notes: str = ""

    @classmethod
    def read(cls, folder: Path) -> Metrics:
        """Reads `folder / "metrics.json"`.

        Raises:
            TrainingError: it is missing or incomplete.
        """
        path = folder / METRICS_FILE
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except (OSError, msgspec.MsgspecError) as error:
            raise TrainingError(f"{path} cannot be read: {error}") from error

    def write(self, folder: Path) -> None:
        """Writes `folder / "metrics.json"`, indented for people."""
        text = msgspec.json.format(msgspec.json.encode(self), indent=2)
        (folder / METRICS_FILE).write_bytes(text + b"\n")

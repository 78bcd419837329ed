"""How a checkpoint becomes a graph."""

from __future__ import annotations

from dataclasses import dataclass

from glm_lsp.models.precision import Activations, Precision


@dataclass(frozen=True, slots=True)
class AccuracyLevels:
    """MatMulNBits' `accuracy_level` by group: 4 computes with int8 activations, 0 with fp32."""

    attention: int = 4
    mlp: int = 4
    head: int = 4


DEFAULT_ACCURACY = AccuracyLevels()


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphOptions:
    """How a checkpoint becomes a graph.

    `capacity` is the number of positions the rotary tables cover, hence the longest context. Embedding and
    head stay int8 in an int4 model: they cost little and suffer most. `real_vocab_size` is the number of ids
    that exist, where the checkpoint's vocabulary is padded. `activations` is what the graph computes in.
    """

    precision: Precision = "int8"
    activations: Activations = "fp32"
    capacity: int = 2048
    accuracy: AccuracyLevels = DEFAULT_ACCURACY
    real_vocab_size: int | None = None

    @property
    def table_precision(self) -> Precision:
        """The precision of embedding and head."""
        return "int8" if self.precision == "int4" else self.precision


def precision_of(name: str, options: GraphOptions) -> Precision:
    """How a graph keeps one of our matrices (`models/tensors.py`)."""
    if "position_embeddings" in name:
        return "fp32"  # their rows are added to others, where a rounding would show at once
    return options.table_precision if "embed_tokens" in name or "lm_head" in name else options.precision

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
        by_precision: dict[Precision, Precision] = {"int4": "int8", "bf16": "fp16"}
        return by_precision.get(self.precision, self.precision)

    def format_of(self, name: str) -> Activations:
        """The number format of one of our tensors, or of its scales."""
        return table_format(self.activations) if is_table(name) else self.activations


def precision_of(name: str, options: GraphOptions) -> Precision:
    """How a graph keeps one of our matrices (`models/tensors.py`)."""
    if "position_embeddings" in name:
        return "fp32"  # their rows are added to others, where a rounding would show at once
    return options.table_precision if is_table(name) else options.precision


def is_table(name: str) -> bool:
    """Whether one of our tensors is the embedding or the head."""
    return "embed_tokens" in name or "lm_head" in name


def table_format(activations: Activations) -> Activations:
    """The number format of embedding and head.

    bf16 is for what lies between them, the residual stream, which may grow too large for fp16. A score of 20 would be
    off by 0.06 in it; norms keep the last hidden state small enough for fp16, which is eight times finer.
    """
    return "fp16" if activations == "bf16" else activations

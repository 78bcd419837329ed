"""The number formats a model is kept and computed in.

A model has two: `Precision` is how its matrices are stored, `Activations` what everything between them is computed in,
keys and values included. Quantised matrices go with all activations; others have to be of the same width, except that a
model computed in fp32 may be stored in half the space.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Precision = Literal["fp32", "fp16", "bf16", "int8", "int4"]
PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16", "bf16", "int8", "int4")

Activations = Literal["fp32", "fp16", "bf16"]
ACTIVATIONS: tuple[Activations, ...] = ("fp32", "fp16", "bf16")
"""ONNX Runtime's CPU kernels compute fp32 and fp16, its CUDA kernels for attention fp16 and bf16."""

ITEM_BYTES: Mapping[Activations, int] = {"fp32": 4, "fp16": 2, "bf16": 2}
"""Of one number, for instance in the KV cache."""

FITTING: Mapping[Activations, tuple[Precision, ...]] = {
    "fp32": ("fp32", "fp16", "int8", "int4"),
    "fp16": ("fp16", "int8", "int4"),
    "bf16": ("bf16", "int8", "int4"),
}
"""The precisions of matrices that can be computed with."""

FP16_MAX = 65504.0
"""The largest number of fp16; what is beyond becomes infinite."""

"""Weights in the number formats that a graph computes in: as they are stored, and as they come out.

NumPy knows no bf16: it is kept as uint16, the upper half of an fp32 after rounding to the nearest, ties to even.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from glm_lsp.errors import ArchitectureError
from glm_lsp.models.precision import FP16_MAX, Activations

DATA_TYPE: Mapping[Activations, int] = {
    "fp32": TensorProto.FLOAT,
    "fp16": TensorProto.FLOAT16,
    "bf16": TensorProto.BFLOAT16,
}

_LOW_HALF = 16


def stored(name: str, values: NDArray[np.float32], number_format: Activations) -> NDArray[Any]:
    """The values as they are written: f32, f16, or the bits of bf16 as uint16.

    Args:
        name: of what they belong to, for the message.

    Raises:
        ArchitectureError: one of them is too large for fp16.
    """
    if number_format == "fp32":
        return values
    if number_format == "bf16":
        return _bf16_bits(values)
    if np.abs(values).max(initial=0) > FP16_MAX:
        raise ArchitectureError(
            f"{name} has weights beyond the range of fp16",
            "Import with --device cpu and --precision int8, int4 or fp32.",
        )
    return values.astype(np.float16)


def rounded_to(values: NDArray[np.float32], number_format: Activations) -> NDArray[np.float32]:
    """The values as a graph in this format has them; beyond the range of fp16 they are infinite."""
    if number_format == "fp32":
        return values
    if number_format == "fp16":
        with np.errstate(over="ignore"):
            return values.astype(np.float16).astype(np.float32)
    return (_bf16_bits(values).astype(np.uint32) << _LOW_HALF).view(np.float32)


def _bf16_bits(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    is_odd = bits >> _LOW_HALF & np.uint32(1)
    rounded = bits + np.uint32(0x7FFF) + is_odd
    return (rounded >> _LOW_HALF).astype(np.uint16)

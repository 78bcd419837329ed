"""Symmetric block quantisation, in the byte layout of ONNX Runtime's MatMulNBits and GatherBlockQuantized.

Each run of 32 input weights of one output row is a block. Its scale is m / -half, where m is the block's
element of greatest magnitude with its sign and half is 8 (int4) or 128 (int8), so that m itself is stored
without rounding; llama.cpp's Q4_0 scales the same way. Codes are unsigned around half, low nibble first. Where scales
are kept in 16 bits they are rounded before the codes are chosen, which makes good for most of that rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from glm_lsp.models.number_format import rounded_to
from glm_lsp.models.precision import Activations

BLOCK = 32
ROWS_AT_A_TIME = 64
"""Slices whose temporaries stay in the processor's cache."""

Bits = Literal[4, 8]


@dataclass(frozen=True, slots=True)
class QuantizedMatrix:
    """A weight matrix [N, K] as codes uint8 [N, K / 32, 4 * bits] and scales f32 [N, K / 32]."""

    codes: NDArray[np.uint8]
    scales: NDArray[np.float32]
    bits: Bits


def quantize(weight: NDArray[np.float32], bits: Bits, scale_format: Activations = "fp32") -> QuantizedMatrix:
    """Quantises a weight matrix [N, K], K a multiple of 32; its scales can be kept in `scale_format` as they are."""
    rows, width = weight.shape
    if width % BLOCK:
        raise ValueError(f"{width} columns are not a multiple of {BLOCK}")
    codes = np.empty((rows, width // BLOCK, BLOCK * bits // 8), np.uint8)
    scales = np.empty((rows, width // BLOCK), np.float32)
    for start in range(0, rows, ROWS_AT_A_TIME):
        part = slice(start, start + ROWS_AT_A_TIME)
        codes[part], scales[part] = _quantize_rows(weight[part], bits, scale_format)
    return QuantizedMatrix(codes, scales, bits)


def dequantize(matrix: QuantizedMatrix) -> NDArray[np.float32]:
    """The weights [N, K] that the kernels compute with."""
    codes = _unpack(matrix.codes) if matrix.bits == 4 else matrix.codes
    half = 1 << (matrix.bits - 1)
    blocks = (codes.astype(np.float32) - half) * matrix.scales[..., None]
    return blocks.reshape(len(codes), -1)


def rounded(
    weight: NDArray[np.float32], bits: Bits, scale_format: Activations = "fp32"
) -> NDArray[np.float32]:
    """A weight matrix [N, K] as a quantised model has it."""
    values = np.empty_like(weight)
    for start in range(0, len(weight), ROWS_AT_A_TIME):
        part = slice(start, start + ROWS_AT_A_TIME)
        values[part] = dequantize(quantize(weight[part], bits, scale_format))
    return values


def _quantize_rows(
    weight: NDArray[np.float32], bits: Bits, scale_format: Activations
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    half = 1 << (bits - 1)
    blocks = weight.reshape(len(weight), -1, BLOCK)
    high, low = blocks.max(axis=-1), blocks.min(axis=-1)
    scales = rounded_to(np.where(high > -low, high, low) / np.float32(-half), scale_format)
    inverse = np.divide(np.float32(1), scales, out=np.zeros_like(scales), where=np.abs(scales) > 1e-37)
    rounded = np.rint(blocks * inverse[..., None]) + half
    codes = np.clip(rounded, 0, 2 * half - 1).astype(np.uint8)
    return (_pack(codes) if bits == 4 else codes), scales


def _pack(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return codes[..., 0::2] | (codes[..., 1::2] << np.uint8(4))


def _unpack(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.stack((packed & 15, packed >> 4), axis=-1).reshape(*packed.shape[:-1], -1)

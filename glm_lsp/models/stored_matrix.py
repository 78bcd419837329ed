"""A weight matrix on its way from the checkpoint to the weight file, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from glm_lsp.models.number_format import stored
from glm_lsp.models.precision import Activations, Precision
from glm_lsp.models.quantization import Bits, quantize
from glm_lsp.models.span import Span
from glm_lsp.models.weight_file import WeightFile

BLOCK_VALUES = 1 << 22
"""Weights taken from the source at a time: 16 MiB in fp32, and as much again while they are quantised."""


class WeightSource(Protocol):
    """Where weights come from, by name, in fp32."""

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor."""

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """Rows of a tensor; elements, where it has one dimension."""


@dataclass(frozen=True, slots=True)
class StoredMatrix:
    """A weight matrix [rows, columns] in the weight file; `scales` is None where it is not quantised.

    `number_format` is that of the scales, or of the values themselves where there are none.
    """

    rows: int
    columns: int
    precision: Precision
    number_format: Activations
    values: Span
    scales: Span | None = None

    @property
    def bits(self) -> Bits:
        """Of a quantised weight."""
        return 4 if self.precision == "int4" else 8


def store_matrix(  # noqa: PLR0917  # from where to where
    weights: WeightFile,
    source: WeightSource,
    name: str,
    precision: Precision,
    scale_format: Activations,
    on_values: Callable[[int], None],
) -> StoredMatrix:
    """Takes a matrix [rows, columns] of the source to the weight file, unless an earlier run has.

    Args:
        scale_format: of the scales of a quantised matrix.
        on_values: called with the number of weights that have just been taken.

    Raises:
        ArchitectureError: a weight or a scale is too large for fp16.
    """
    rows, columns = source.shape(name)
    spans = weights.recall(name)
    if spans is None:
        blocks = _blocks(source, name, on_values)
        spans = weights.record(name, _write(weights, name, blocks, precision, scale_format))
    else:
        on_values(rows * columns)
    number_format = precision if precision in ("fp32", "fp16", "bf16") else scale_format
    return StoredMatrix(rows, columns, precision, number_format, *spans)


def _blocks(
    source: WeightSource, name: str, on_values: Callable[[int], None]
) -> Iterator[NDArray[np.float32]]:
    rows, columns = source.shape(name)
    step = max(1, BLOCK_VALUES // columns)
    for start in range(0, rows, step):
        block = source.rows(name, start, min(start + step, rows))
        yield block
        on_values(block.size)


def _write(
    weights: WeightFile,
    name: str,
    blocks: Iterator[NDArray[np.float32]],
    precision: Precision,
    scale_format: Activations,
) -> list[Span]:
    if precision in ("fp32", "fp16", "bf16"):
        return [weights.write(stored(name, block, precision) for block in blocks)]
    bits: Bits = 4 if precision == "int4" else 8
    scales: list[NDArray[Any]] = []

    def codes() -> Iterator[NDArray[np.uint8]]:
        for block in blocks:
            quantized = quantize(block, bits, scale_format)
            scales.append(stored(name, quantized.scales, scale_format))
            yield quantized.codes

    return [weights.write(codes()), weights.write(scales)]

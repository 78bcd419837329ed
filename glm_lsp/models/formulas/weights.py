"""The official tensors in one floating-point type, never more than one block of rows of them in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from glm_lsp.models.formulas.formula import Array, Observer, Real, TensorReader, unobserved

BLOCK_BYTES = 64 * 2**20
"""Of a matrix in fp32; a head of 151,552 rows of 4,096 comes in 37 blocks."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Reads `reader`'s tensors as `dtype`; `observe` is told what is computed with them."""

    reader: TensorReader
    dtype: Real
    observe: Observer = unobserved

    def vector(self, name: str) -> Array:
        """A tensor with one dimension."""
        return self.reader.rows(name, 0, self.reader.shape(name)[0]).astype(self.dtype)

    def lookup(self, name: str, indices: Sequence[int]) -> Array:
        """Single rows of a matrix: [len(indices), columns]."""
        rows = [self.reader.rows(name, index, index + 1) for index in indices]
        return np.concatenate(rows).astype(self.dtype)

    def linear(self, x: Array, name: str, *, has_bias: bool = False) -> Array:
        """x [T, columns] times the transposed matrix `name`.weight, plus `name`.bias if there is one."""
        product = self.scores(x, f"{name}.weight")
        return product + self.vector(f"{name}.bias") if has_bias else product

    def scores(self, x: Array, name: str, num_rows: int | None = None) -> Array:
        """x [T, columns] times the transposed first rows of a matrix: [T, num_rows]."""
        rows, columns = self.reader.shape(name)
        rows = rows if num_rows is None else min(rows, num_rows)
        product = np.empty((len(x), rows), self.dtype)
        for start, stop in _blocks(rows, columns):
            block = self.reader.rows(name, start, stop).astype(self.dtype, copy=False)
            np.matmul(x, block.T, out=product[:, start:stop])
        return product


def _blocks(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    step = max(1, BLOCK_BYTES // (4 * columns))
    return ((start, min(start + step, rows)) for start in range(0, rows, step))

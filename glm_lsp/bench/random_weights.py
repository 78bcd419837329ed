"""Weights that nobody trained: what a step costs does not depend on what they say."""

from __future__ import annotations

import re
import zlib

import numpy as np
from numpy.typing import NDArray

from glm_lsp.models.config import GlmConfig
from glm_lsp.models.journal import Journal
from glm_lsp.models.layout import Shape
from glm_lsp.models.span import Span
from glm_lsp.models.tensors import num_parameters, tensors_of

SCALE = 0.02
"""Standard deviation of a weight: values stay far below the range of fp16 in models of up to 40 layers."""

_POOL_VALUES = 1 << 22
_STRIDE = 4099  # a prime, so that two tensors rarely begin at one place of the pool
_LAYER = re.compile(r"(?<=layers\.)\d+")


class RandomWeights:
    """Every tensor of a model as pieces of one pool of normal values; norm gains are ones, biases zeros.

    A `WeightSource`: taking rows costs nothing, and the same model always has the same ones.
    """

    def __init__(self, config: GlmConfig) -> None:
        self.config = config
        self.num_parameters = num_parameters(config)
        self._shapes = tensors_of(config)
        pool = np.random.default_rng(0).standard_normal(_POOL_VALUES, np.float32) * np.float32(SCALE)
        # Twice, so that a piece may begin anywhere.
        self._pool = np.concatenate([pool, pool])

    def shape(self, name: str) -> Shape:
        """The shape of a tensor."""
        return self._shapes[name]

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """Rows of a matrix, a view where they are few; elements, where the tensor has one dimension."""
        shape = self._shapes[name]
        if len(shape) == 1:
            return np.full(stop - start, name.endswith("norm.weight"), np.float32)
        count = (stop - start) * shape[1]
        first = (zlib.crc32(name.encode()) + start * _STRIDE) % _POOL_VALUES
        piece = self._pool[first : first + count]
        return (piece if piece.size == count else np.resize(piece, count)).reshape(stop - start, shape[1])


class OneLayer(Journal):
    """Has the writer keep one layer and let all others name the same bytes of the file.

    A GPU is given each of them as memory of its own, so a step reads as much as of a model whose layers differ, while
    a model of 9B is written and hashed in seconds. A CPU maps the file: there the layers would share the caches.
    """

    def recall(self, name: str) -> list[Span] | None:
        """Where a tensor lies, or the first layer's tensor in its place; None if it has yet to be written."""
        return super().recall(_LAYER.sub("0", name))

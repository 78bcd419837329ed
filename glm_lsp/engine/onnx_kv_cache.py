"""The keys and values of one slot, in memory that ONNX Runtime reads and writes in place."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from glm_lsp.engine.blank import Blank

FIRST_TOKENS = 256
"""Of a KV cache that grows. Where the mask is an input, attention looks at every entry there is memory for: with 2,048
of them it took a third of a step of ChatGLM-6B, however short the prompt."""


class OnnxKVCache:
    """Keys and values [layers, 2, 1, kv_heads, C, head_dim] in one piece, of the graph's type, with its bindings.

    C is the capacity, or where `grows` is set a part of it that is enlarged as it fills.
    """

    def __init__(
        self,
        num_layers: int,
        num_heads: int,
        capacity: int,
        head_dim: int,
        *,
        dtype: DTypeLike = np.float32,
        grows: bool = False,
    ) -> None:
        self.capacity = capacity
        # Pages of zeros take no memory until they are written.
        num_held = min(FIRST_TOKENS, capacity) if grows else capacity
        self.values = np.zeros((num_layers, 2, 1, num_heads, num_held, head_dim), dtype)
        self.bindings: OrderedDict[tuple[int, int, int, bool], Any] = OrderedDict()
        self.shared: list[tuple[str, Any]] = []
        """Of `values`, as the session wants them: name behind "past." or "present.", and value."""
        self.blank = Blank(0, None)
        """Of the prompt it holds, for models that read in both directions."""

    @property
    def num_held(self) -> int:
        """Tokens there is memory for."""
        return self.values.shape[4]

    def reserve(self, num_tokens: int, num_kept: int) -> None:
        """Makes room for `num_tokens` in all, of which the first `num_kept` keep their keys and values."""
        if num_tokens <= self.num_held:
            return
        num_held = min(self.capacity, max(2 * self.num_held, num_tokens))
        old, shape = self.values, list(self.values.shape)
        shape[4] = num_held
        self.values = np.zeros(shape, old.dtype)
        self.values[..., :num_kept, :] = old[..., :num_kept, :]
        self.bindings.clear()
        self.shared.clear()

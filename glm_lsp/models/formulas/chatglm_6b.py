"""ChatGLM-6B, the first one, by the names and keys of its own checkpoint.

    a = LN(x);  y = α a + att(a);  m = LN(y);  x = α m + W2 gelu(W1 m + b1) + b2;   α = sqrt(2 · 28)
    logits = H LN(x)

The residual takes the normed input. Each half of a head is rotated by halves: the first by the position in
the context, the second by the position in what is written. All linear layers but the head have a bias.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glm_lsp.models.formulas import arithmetic
from glm_lsp.models.formulas.blank import Blank, place
from glm_lsp.models.formulas.formula import Array, BlankTokens, Real, TensorReader
from glm_lsp.models.formulas.keys import given
from glm_lsp.models.formulas.weights import Weights

ALPHA = math.sqrt(2 * 28)
"""For any number of layers: the checkpoint's code takes 28 from a default argument, not from the config."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatGlm6bFormula:
    """One model; see `Formula`."""

    num_layers: int
    num_heads: int
    epsilon: float
    is_tied: bool
    tokens: BlankTokens

    @classmethod
    def from_values(cls, values: Mapping[str, Any], tokens: BlankTokens) -> ChatGlm6bFormula:
        """Reads a `config.json`; absent keys take the defaults of the checkpoint's own config class.

        Raises:
            ValueError: positions are counted in another way.
        """
        if not given(values, "position_encoding_2d", True):
            raise ValueError("no formula for a ChatGLM-6B with one kind of positions")
        return cls(
            num_layers=int(given(values, "num_layers", 28)),
            num_heads=int(given(values, "num_attention_heads", 32)),
            epsilon=float(given(values, "layernorm_epsilon", 1e-5)),
            is_tied=bool(given(values, "tie_word_embeddings", False)),
            tokens=tokens,
        )

    def logits(
        self,
        reader: TensorReader,
        token_ids: Sequence[int],
        *,
        num_layers: int | None = None,
        num_ids: int | None = None,
        dtype: Real = np.float32,
    ) -> Array:
        """See `Formula.logits`."""
        weights, blank = Weights(reader, dtype), place(token_ids, self.tokens)
        embedding = "transformer.word_embeddings.weight"
        x = weights.lookup(embedding, token_ids)
        for layer in range(self.num_layers if num_layers is None else num_layers):
            x = self._layer(weights, f"transformer.layers.{layer}.", x, blank)
        normed = self._norm(weights, "transformer.final_layernorm", x)
        return weights.scores(normed, embedding if self.is_tied else "lm_head.weight", num_ids)

    def _layer(self, weights: Weights, prefix: str, x: Array, blank: Blank) -> Array:
        alpha = x.dtype.type(ALPHA)
        normed = self._norm(weights, f"{prefix}input_layernorm", x)
        y = alpha * normed + self._attention(weights, f"{prefix}attention.", normed, blank)
        normed = self._norm(weights, f"{prefix}post_attention_layernorm", y)
        inner = arithmetic.gelu_tanh(weights.linear(normed, f"{prefix}mlp.dense_h_to_4h", has_bias=True))
        out: Array = alpha * normed + weights.linear(inner, f"{prefix}mlp.dense_4h_to_h", has_bias=True)
        return out

    def _attention(self, weights: Weights, prefix: str, x: Array, blank: Blank) -> Array:
        fused = weights.linear(x, f"{prefix}query_key_value", has_bias=True)
        each = fused.reshape(len(x), self.num_heads, 3, -1)
        q, k, v = (each[:, :, part].swapaxes(0, 1) for part in range(3))
        mixed = arithmetic.attend(_rotate(q, blank), _rotate(k, blank), v, blank.allowed)
        return weights.linear(mixed, f"{prefix}dense", has_bias=True)

    def _norm(self, weights: Weights, name: str, x: Array) -> Array:
        gain, bias = weights.vector(f"{name}.weight"), weights.vector(f"{name}.bias")
        return arithmetic.layer_norm(x, gain, bias, self.epsilon)


def _rotate(heads: Array, blank: Blank) -> Array:
    first, second = np.split(heads, 2, axis=-1)
    # The checkpoint's table of frequencies is in half precision.
    table = arithmetic.frequencies(first.shape[-1], 10000.0).astype(np.float16)
    turned = (
        arithmetic.rotate_halves(first, arithmetic.angles(blank.positions, table)),
        arithmetic.rotate_halves(second, arithmetic.angles(blank.block_positions, table)),
    )
    return np.concatenate(turned, axis=-1)

"""The original GLM (glm-large-chinese, glm-2b, glm-10b ...) by the names and keys of its own checkpoint.

    x = E[id] + P[position] + B[block position]
    per layer: x += att(LN(x)), x += W2 gelu(W1 LN(x) + b1) + b2;   logits = E LN(x)

Linear layers have a bias, the head is the embedding, nothing is rotated. The config does not name the token ids
that give a prompt its positions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glm_lsp.models.formulas import arithmetic
from glm_lsp.models.formulas.blank import Blank, place
from glm_lsp.models.formulas.formula import Array, BlankTokens, Real, TensorReader
from glm_lsp.models.formulas.keys import given
from glm_lsp.models.formulas.weights import Weights

EPSILON = 1e-5
"""Of the layer norms, where no key of the config says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalGlmFormula:
    """One model; see `Formula`."""

    num_layers: int
    num_heads: int
    epsilon: float
    tokens: BlankTokens

    @classmethod
    def from_values(cls, values: Mapping[str, Any], tokens: BlankTokens) -> OriginalGlmFormula:
        """Reads a `config.json`.

        Raises:
            ValueError: it has no second kind of positions, or scales attention in another way.
        """
        if not given(values, "block_position_encoding", True) or given(values, "relative_encoding", False):
            raise ValueError("no formula for an original GLM without block positions")
        if float(given(values, "attention_scale", 1.0)) != 1.0:
            raise ValueError(f"no formula for attention_scale {values['attention_scale']!r}")
        return cls(
            num_layers=int(values["num_layers"]),
            num_heads=int(values["num_attention_heads"]),
            epsilon=float(given(values, "layernorm_epsilon", EPSILON)),
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
        weights, blank, prefix = Weights(reader, dtype), place(token_ids, self.tokens), _prefix(reader)
        table = f"{prefix}word_embeddings.weight"
        x = weights.lookup(table, token_ids)
        for name, positions in (
            ("position_embeddings", blank.positions),
            ("block_position_embeddings", blank.block_positions),
        ):
            x = x + weights.lookup(f"{prefix}transformer.{name}.weight", positions.tolist())
        for layer in range(self.num_layers if num_layers is None else num_layers):
            x = self._layer(weights, f"{prefix}transformer.layers.{layer}.", x, blank)
        normed = self._norm(weights, f"{prefix}transformer.final_layernorm", x)
        return weights.scores(normed, table, num_ids)

    def _layer(self, weights: Weights, prefix: str, x: Array, blank: Blank) -> Array:
        normed = self._norm(weights, f"{prefix}input_layernorm", x)
        fused = weights.linear(normed, f"{prefix}attention.query_key_value", has_bias=True)
        q, k, v = (
            part.reshape(len(x), self.num_heads, -1).swapaxes(0, 1) for part in np.split(fused, 3, axis=-1)
        )
        mixed = arithmetic.attend(q, k, v, blank.allowed)
        x = x + weights.linear(mixed, f"{prefix}attention.dense", has_bias=True)
        normed = self._norm(weights, f"{prefix}post_attention_layernorm", x)
        inner = arithmetic.gelu_erf(weights.linear(normed, f"{prefix}mlp.dense_h_to_4h", has_bias=True))
        return x + weights.linear(inner, f"{prefix}mlp.dense_4h_to_h", has_bias=True)

    def _norm(self, weights: Weights, name: str, x: Array) -> Array:
        gain, bias = weights.vector(f"{name}.weight"), weights.vector(f"{name}.bias")
        return arithmetic.layer_norm(x, gain, bias, self.epsilon)


def _prefix(reader: TensorReader) -> str:
    """`GLMForConditionalGeneration` puts "glm." before all names, the bare `GLMModel` nothing."""
    try:
        reader.shape("glm.word_embeddings.weight")
    except LookupError:
        return ""
    return "glm."

"""ChatGLM2, ChatGLM3, CodeGeeX2, GLM-4-9B and CodeGeeX4 by the names and keys of their own checkpoints.

    x = E[id];  per layer: x += O att(QKV rms(x)), [g; u] = W rms(x), x += D (silu(g) * u);  logits = H rms(x)

Neighbouring pairs of the first half of each head are rotated. `rope_ratio` multiplies the base of the angles,
but in ChatGLM2-6B-32K it divides the positions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glm_lsp.models.formulas import arithmetic
from glm_lsp.models.formulas.formula import Array, Observer, Real, TensorReader, unobserved
from glm_lsp.models.formulas.keys import given
from glm_lsp.models.formulas.weights import Weights

_LAYERS = "transformer.encoder.layers"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatGlmFormula:
    """One model; see `Formula`. `groups` is None where every head has its own keys and values."""

    num_layers: int
    num_heads: int
    groups: int | None
    head_dim: int
    epsilon: float
    base: float
    stretch: float
    rotary_dim: int
    has_qkv_bias: bool

    @classmethod
    def from_values(cls, values: Mapping[str, Any], *, interpolates: bool = False) -> ChatGlmFormula:
        """Reads a `config.json`; absent keys take the defaults of the checkpoint's own config class.

        Args:
            interpolates: `rope_ratio` divides positions, as in ChatGLM2-6B-32K.
        """
        heads = int(values["num_attention_heads"])
        head_dim = int(given(values, "kv_channels", 128))
        ratio = float(given(values, "rope_ratio", 1))
        shares = bool(given(values, "multi_query_attention", False))
        return cls(
            num_layers=int(values["num_layers"]),
            num_heads=heads,
            groups=int(given(values, "multi_query_group_num", 1)) if shares else None,
            head_dim=head_dim,
            epsilon=float(given(values, "layernorm_epsilon", 1e-5)),
            base=10000.0 if interpolates else 10000.0 * ratio,
            stretch=ratio if interpolates else 1.0,
            rotary_dim=int(head_dim * float(given(values, "rotary_percent", 0.5))),
            has_qkv_bias=bool(given(values, "add_qkv_bias", False)),
        )

    def logits(
        self,
        reader: TensorReader,
        token_ids: Sequence[int],
        *,
        num_layers: int | None = None,
        num_ids: int | None = None,
        dtype: Real = np.float32,
        observe: Observer = unobserved,
    ) -> Array:
        """See `Formula.logits`; `observe` is told every value on the way."""
        weights = Weights(reader, dtype, observe)
        positions = np.arange(len(token_ids)) / self.stretch
        turned_by = arithmetic.angles(positions, arithmetic.frequencies(self.rotary_dim, self.base))
        x = weights.lookup("transformer.embedding.word_embeddings.weight", token_ids)
        observe("residual", x)
        for layer in range(self.num_layers if num_layers is None else num_layers):
            x = self._layer(weights, f"{_LAYERS}.{layer}.", x, turned_by)
        normed = self._norm(weights, "transformer.encoder.final_layernorm", x)
        logits = weights.scores(normed, "transformer.output_layer.weight", num_ids)
        observe("head", normed)
        observe("head", logits)
        return logits

    def _layer(self, weights: Weights, prefix: str, x: Array, turned_by: Array) -> Array:
        normed = self._norm(weights, f"{prefix}input_layernorm", x)
        fused = weights.linear(normed, f"{prefix}self_attention.query_key_value", has_bias=self.has_qkv_bias)
        weights.observe("attention", fused)
        q, k, v = self._heads(fused)
        q, k = arithmetic.rotate_neighbours(q, turned_by), arithmetic.rotate_neighbours(k, turned_by)
        mixed = arithmetic.attend(q, k, v, arithmetic.causal(len(x)))
        added = weights.linear(mixed, f"{prefix}self_attention.dense")
        x = x + added
        weights.observe("residual", added)
        weights.observe("residual", x)
        normed = self._norm(weights, f"{prefix}post_attention_layernorm", x)
        both = weights.linear(normed, f"{prefix}mlp.dense_h_to_4h")
        gate, up = np.split(both, 2, axis=-1)
        product = arithmetic.silu(gate) * up
        weights.observe("mlp", both)
        weights.observe("mlp", product)
        added = weights.linear(product, f"{prefix}mlp.dense_4h_to_h")
        x = x + added
        weights.observe("residual", added)
        weights.observe("residual", x)
        return x

    def _heads(self, fused: Array) -> tuple[Array, Array, Array]:
        """[heads or groups, T, d] each, from rows [Q; K; V] or, without groups, [head, 3, d]."""
        if self.groups is None:
            each = fused.reshape(len(fused), self.num_heads, 3, self.head_dim)
            q, k, v = (each[:, :, part].swapaxes(0, 1) for part in range(3))
            return q, k, v
        end_q = self.num_heads * self.head_dim
        end_k = end_q + self.groups * self.head_dim
        parts = np.split(fused, [end_q, end_k], axis=-1)
        q, k, v = (part.reshape(len(fused), -1, self.head_dim).swapaxes(0, 1) for part in parts)
        return q, k, v

    def _norm(self, weights: Weights, name: str, x: Array) -> Array:
        return arithmetic.rms_norm(x, weights.vector(f"{name}.weight"), self.epsilon)

"""GlmForCausalLM and Glm4ForCausalLM (GLM-4-9B -hf, GLM-Edge, GLM-4-0414) by the names of transformers.

x = E[id];  per layer: x += O att(QKV rms(x)), [g; u] = W rms(x), x += D (silu(g) * u);  logits = H rms(x)
Glm4: x += rms(O att(...)) and x += rms(D (...)), each with a gain of its own
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


@dataclass(frozen=True, slots=True, kw_only=True)
class GlmFormula:
    """One model; see `Formula`."""

    has_sandwich: bool
    num_layers: int
    num_heads: int
    num_groups: int
    head_dim: int
    epsilon: float
    theta: float
    stretch: float
    rotary_dim: int
    has_bias: bool
    is_tied: bool

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> GlmFormula:
        """Reads a `config.json` of transformers 4 or 5; absent keys take its classes' defaults.

        Raises:
            ValueError: positions are stretched in another way than linearly.
        """
        heads = int(given(values, "num_attention_heads", 32))
        # transformers 5 keeps in one object what 4 had beside each other and in `rope_scaling`.
        rope: dict[str, Any] = {key: values.get(key) for key in ("rope_theta", "partial_rotary_factor")}
        for place in ("rope_scaling", "rope_parameters"):
            rope |= {key: value for key, value in given(values, place, {}).items() if value is not None}
        kind = rope.get("rope_type", rope.get("type", "default"))
        if kind not in ("default", "linear"):
            raise ValueError(f"no formula for rope type {kind!r}")
        head_dim = _or(values, "head_dim", 128, int(given(values, "hidden_size", 4096)) // heads)
        return cls(
            has_sandwich=values["model_type"] == "glm4",
            num_layers=int(given(values, "num_hidden_layers", 40)),
            num_heads=heads,
            num_groups=_or(values, "num_key_value_heads", 2, heads),
            head_dim=head_dim,
            epsilon=float(given(values, "rms_norm_eps", 1.5625e-07)),
            theta=float(given(rope, "rope_theta", 10000.0)),
            stretch=float(rope["factor"]) if kind == "linear" else 1.0,
            rotary_dim=int(head_dim * float(given(rope, "partial_rotary_factor", 0.5))),
            has_bias=bool(given(values, "attention_bias", True)),
            is_tied=bool(given(values, "tie_word_embeddings", False)),
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
        turned_by = arithmetic.angles(positions, arithmetic.frequencies(self.rotary_dim, self.theta))
        x = weights.lookup("model.embed_tokens.weight", token_ids)
        observe("residual", x)
        for layer in range(self.num_layers if num_layers is None else num_layers):
            x = self._layer(weights, f"model.layers.{layer}.", x, turned_by)
        head = "model.embed_tokens.weight" if self.is_tied else "lm_head.weight"
        normed = self._norm(weights, "model.norm", x)
        logits = weights.scores(normed, head, num_ids)
        observe("head", normed)
        observe("head", logits)
        return logits

    def _layer(self, weights: Weights, prefix: str, x: Array, turned_by: Array) -> Array:
        normed = self._norm(weights, f"{prefix}input_layernorm", x)
        q, k, v = (self._heads(weights, f"{prefix}self_attn.{part}_proj", normed) for part in "qkv")
        for heads in (q, k, v):
            weights.observe("attention", heads)
        q, k = arithmetic.rotate_neighbours(q, turned_by), arithmetic.rotate_neighbours(k, turned_by)
        mixed = arithmetic.attend(q, k, v, arithmetic.causal(len(x)))
        added = weights.linear(mixed, f"{prefix}self_attn.o_proj")
        x = self._add(weights, x, added, f"{prefix}post_self_attn_layernorm")
        normed = self._norm(weights, f"{prefix}post_attention_layernorm", x)
        both = weights.linear(normed, f"{prefix}mlp.gate_up_proj")
        gate, up = np.split(both, 2, axis=-1)
        product = arithmetic.silu(gate) * up
        weights.observe("mlp", both)
        weights.observe("mlp", product)
        added = weights.linear(product, f"{prefix}mlp.down_proj")
        return self._add(weights, x, added, f"{prefix}post_mlp_layernorm")

    def _heads(self, weights: Weights, name: str, x: Array) -> Array:
        """[heads, T, d]."""
        projected = weights.linear(x, name, has_bias=self.has_bias)
        return projected.reshape(len(x), -1, self.head_dim).swapaxes(0, 1)

    def _add(self, weights: Weights, x: Array, added: Array, sandwich: str) -> Array:
        weights.observe("residual", added)
        if self.has_sandwich:
            added = self._norm(weights, sandwich, added)
            weights.observe("residual", added)
        total: Array = x + added
        weights.observe("residual", total)
        return total

    def _norm(self, weights: Weights, name: str, x: Array) -> Array:
        return arithmetic.rms_norm(x, weights.vector(f"{name}.weight"), self.epsilon)


def _or(values: Mapping[str, Any], name: str, if_absent: int, if_null: int) -> int:
    value = values.get(name, if_absent)
    return if_null if value is None else int(value)

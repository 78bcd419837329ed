"""GLM and GLM-4 in NumPy, in double precision, straight from the formulas and without a cache.

    x = E[id];  per layer: x += O att(QKV rms(x)), [g; u] = W rms(x), x += D (silu(g) * u);  logits = H rms(x)
    GLM-4: x += rms(O att(...)) and x += rms(D (...)), each with a gain of its own

Weights go by their transformers names. Written to be compared with, so it shares no code with the program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glm_lsp.models.config import GlmConfig

Array = NDArray[np.float64]


class NumpyGlm:
    """One model; weights are widened to fp64 once."""

    def __init__(self, config: GlmConfig, weights: Mapping[str, NDArray[Any]]) -> None:
        self.config = config
        self.weights = {name: value.astype(np.float64) for name, value in weights.items()}

    def logits(self, token_ids: Sequence[int]) -> Array:
        """Scores [T, vocab] of what follows each token."""
        x = self.weights["model.embed_tokens.weight"][list(token_ids)]
        for layer in range(self.config.num_hidden_layers):
            x = self._layer(f"model.layers.{layer}.", x)
        head = "model.embed_tokens.weight" if self.config.tie_word_embeddings else "lm_head.weight"
        return self._rms(x, "model.norm.weight") @ self.weights[head].T

    def _layer(self, prefix: str, x: Array) -> Array:
        sandwich = self.config.architecture == "glm4"
        added = self._attention(prefix + "self_attn.", self._rms(x, prefix + "input_layernorm.weight"))
        if sandwich:
            added = self._rms(added, prefix + "post_self_attn_layernorm.weight")
        x = x + added
        added = self._mlp(prefix + "mlp.", self._rms(x, prefix + "post_attention_layernorm.weight"))
        if sandwich:
            added = self._rms(added, prefix + "post_mlp_layernorm.weight")
        return x + added

    def _attention(self, prefix: str, x: Array) -> Array:
        """Causal attention with 1 / sqrt(head_dim), every query head on its own."""
        length, width = len(x), self.config.head_dim
        q, k, v = (self._heads(f"{prefix}{part}_proj.", x) for part in "qkv")
        q, k = self._rotate(q), self._rotate(k)
        group = self.config.num_attention_heads // self.config.num_key_value_heads
        future = np.triu(np.full((length, length), -np.inf), 1)
        mixed = []
        for head in range(self.config.num_attention_heads):
            scores = q[head] @ k[head // group].T / np.sqrt(width) + future
            share = np.exp(scores - scores.max(axis=-1, keepdims=True))
            mixed.append(share / share.sum(axis=-1, keepdims=True) @ v[head // group])
        return np.concatenate(mixed, axis=-1) @ self.weights[prefix + "o_proj.weight"].T

    def _heads(self, prefix: str, x: Array) -> Array:
        """[heads, T, head_dim]."""
        projected = x @ self.weights[prefix + "weight"].T
        if self.config.attention_bias:
            projected = projected + self.weights[prefix + "bias"]
        return projected.reshape(len(x), -1, self.config.head_dim).swapaxes(0, 1)

    def _rotate(self, heads: Array) -> Array:
        """Turns the pairs (2i, 2i + 1) of each head's first dimensions by position * theta^(-2i / width)."""
        width = int(self.config.head_dim * self.config.partial_rotary_factor)
        turned = heads.copy()
        positions = np.arange(heads.shape[1]) / self.config.rope_factor
        for i in range(0, width, 2):
            angle = positions * self.config.rope_theta ** (-i / width)
            cos, sin = np.cos(angle), np.sin(angle)
            a, b = heads[..., i], heads[..., i + 1]
            turned[..., i], turned[..., i + 1] = a * cos - b * sin, a * sin + b * cos
        return turned

    def _mlp(self, prefix: str, x: Array) -> Array:
        gate, up = np.split(x @ self.weights[prefix + "gate_up_proj.weight"].T, 2, axis=-1)
        return gate / (1 + np.exp(-gate)) * up @ self.weights[prefix + "down_proj.weight"].T

    def _rms(self, x: Array, gain: str) -> Array:
        mean_square = (x * x).mean(axis=-1, keepdims=True)
        return x / np.sqrt(mean_square + self.config.rms_norm_eps) * self.weights[gain]

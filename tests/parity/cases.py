"""The shapes of GLM that parity is asked of, small enough for milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glm_lsp.models.config import GlmConfig
from tests.tiny_model import tiny_config

TOLERANCE = 1e-4
"""Largest difference of a logit in fp32; logits are a few units."""

CASES: dict[str, dict[str, Any]] = {
    "tied-bias-half": {},
    "untied-one-kv-head": {"tie_word_embeddings": False, "num_key_value_heads": 1},
    "all-kv-heads-no-bias": {"num_key_value_heads": 4, "attention_bias": False},
    "full-rotary-no-bias": {"partial_rotary_factor": 1.0, "attention_bias": False, "rms_norm_eps": 1e-5},
    "head-dim-64": {"head_dim": 64, "num_attention_heads": 2, "num_key_value_heads": 1},
    "long-theta-glm4-9b-eps": {"rope_theta": 5e6, "rms_norm_eps": 1.5625e-07},
    "linear-rope": {"rope_factor": 4.0},
    "wide-attention-three-layers": {"num_attention_heads": 6, "num_hidden_layers": 3},
    "glm4-bias": {"architecture": "glm4"},
    "glm4-no-bias-untied": {
        "architecture": "glm4",
        "attention_bias": False,
        "tie_word_embeddings": False,
        "num_key_value_heads": 1,
    },
}


def case_config(name: str) -> GlmConfig:
    """The configuration of one case."""
    return tiny_config(**CASES[name])


def some_token_ids(config: GlmConfig, count: int, seed: int = 0) -> list[int]:
    """Random ids of the vocabulary."""
    return [int(token_id) for token_id in np.random.default_rng(seed).integers(0, config.vocab_size, count)]


def max_difference(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Largest absolute difference of two arrays of one shape; NaN counts as infinite."""
    assert a.shape == b.shape
    difference = np.abs(a - b)
    return float(np.where(np.isnan(difference), np.inf, difference).max())


def run_in_chunks(
    session: Any, kv: Any, past: int, token_ids: Sequence[int], sizes: Sequence[int]
) -> NDArray[np.float32]:
    """Logits [T, V] of all of `token_ids`, run behind `past` in pieces of these sizes and one of the rest."""
    rows, position = [], 0
    for size in (*sizes, len(token_ids)):
        chunk = token_ids[position : position + size]
        if chunk:
            scores = session.run(kv, past + position, chunk, len(chunk), want_logits=True)
            rows.append(scores.logits.copy())
        position += size
    return np.concatenate(rows)

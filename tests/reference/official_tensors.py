"""Random tensors under the names, and config values under the keys, that official checkpoints have.

Small enough for milliseconds; everything follows from the seed. `MemoryReader` hands them out as the formulas read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensors = dict[str, NDArray[np.float32]]

CHATGLM_VALUES: dict[str, Any] = {
    "model_type": "chatglm",
    "architectures": ["ChatGLMModel"],
    "num_layers": 3,
    "padded_vocab_size": 320,
    "hidden_size": 64,
    "ffn_hidden_size": 112,
    "kv_channels": 32,
    "num_attention_heads": 4,
    "seq_length": 256,
    "layernorm_epsilon": 1e-5,
    "add_qkv_bias": True,
    "multi_query_attention": True,
    "multi_query_group_num": 2,
    "tie_word_embeddings": False,
}

CHATGLM_6B_VALUES: dict[str, Any] = {
    "model_type": "chatglm",
    "architectures": ["ChatGLMModel"],
    "num_layers": 28,
    "vocab_size": 320,
    "hidden_size": 64,
    "inner_hidden_size": 96,
    "num_attention_heads": 4,
    "layernorm_epsilon": 1e-5,
    "max_sequence_length": 128,
    "position_encoding_2d": True,
    "mask_token_id": 300,
    "gmask_token_id": 301,
    "bos_token_id": 304,
    "eos_token_id": 305,
    "pad_token_id": 3,
}

ORIGINAL_GLM_VALUES: dict[str, Any] = {
    "model_type": "glm",
    "architectures": ["GLMModel"],
    "num_layers": 4,
    "vocab_size": 320,
    "hidden_size": 64,
    "num_attention_heads": 4,
    "max_sequence_length": 128,
    "block_position_encoding": True,
    "relative_encoding": False,
    "attention_scale": 1.0,
}
ORIGINAL_MASKS, ORIGINAL_START = (300, 302, 301), 304


@dataclass
class MemoryReader:
    """Tensors in memory; `most` is the largest number of elements asked for at once."""

    tensors: Tensors
    most: int = field(default=0)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.tensors[name].shape

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        rows = self.tensors[name][start:stop]
        self.most = max(self.most, rows.size)
        return rows


class _Draw:
    """Matrices of 0.15 N(0, 1), gains around 1, biases and tables around 0."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.tensors: Tensors = {}

    def matrix(self, name: str, rows: int, columns: int, *, has_bias: bool = False) -> None:
        self._add(f"{name}.weight", 0.15 * self.rng.standard_normal((rows, columns)))
        if has_bias:
            self._add(f"{name}.bias", 0.15 * self.rng.standard_normal(rows))

    def norm(self, name: str, size: int, *, has_bias: bool = False) -> None:
        self._add(f"{name}.weight", 1 + 0.1 * self.rng.standard_normal(size))
        if has_bias:
            self._add(f"{name}.bias", 0.1 * self.rng.standard_normal(size))

    def _add(self, name: str, values: NDArray[np.float64]) -> None:
        self.tensors[name] = values.astype(np.float32)


def chatglm_tensors(values: Mapping[str, Any], seed: int = 0) -> Tensors:
    """ChatGLM2 and later, remote-code names."""
    draw, hidden, vocab = _Draw(seed), values["hidden_size"], values["padded_vocab_size"]
    heads = values["num_attention_heads"]
    groups = values["multi_query_group_num"] if values["multi_query_attention"] else heads
    width = heads * values["kv_channels"]
    draw.matrix("transformer.embedding.word_embeddings", vocab, hidden)
    for layer in range(values["num_layers"]):
        prefix = f"transformer.encoder.layers.{layer}."
        draw.norm(f"{prefix}input_layernorm", hidden)
        rows = width + 2 * groups * values["kv_channels"]
        fused = f"{prefix}self_attention.query_key_value"
        draw.matrix(fused, rows, hidden, has_bias=values["add_qkv_bias"])
        draw.matrix(f"{prefix}self_attention.dense", hidden, width)
        draw.norm(f"{prefix}post_attention_layernorm", hidden)
        draw.matrix(f"{prefix}mlp.dense_h_to_4h", 2 * values["ffn_hidden_size"], hidden)
        draw.matrix(f"{prefix}mlp.dense_4h_to_h", hidden, values["ffn_hidden_size"])
    draw.norm("transformer.encoder.final_layernorm", hidden)
    draw.matrix("transformer.output_layer", vocab, hidden)
    return draw.tensors


def chatglm_6b_tensors(values: Mapping[str, Any] = CHATGLM_6B_VALUES, seed: int = 0) -> Tensors:
    """ChatGLM-6B."""
    draw, hidden = _Draw(seed), values["hidden_size"]
    draw.matrix("transformer.word_embeddings", values["vocab_size"], hidden)
    _biased_layers(draw, "transformer.", values["num_layers"], hidden, values["inner_hidden_size"])
    draw.matrix("lm_head", values["vocab_size"], hidden)
    return draw.tensors


def original_glm_tensors(
    values: Mapping[str, Any] = ORIGINAL_GLM_VALUES, seed: int = 0, prefix: str = "glm."
) -> Tensors:
    """The original GLM, as `GLMForConditionalGeneration` saves it."""
    draw, hidden = _Draw(seed), values["hidden_size"]
    draw.matrix(f"{prefix}word_embeddings", values["vocab_size"], hidden)
    for name in ("position_embeddings", "block_position_embeddings"):
        draw.matrix(f"{prefix}transformer.{name}", values["max_sequence_length"] + 1, hidden)
    _biased_layers(draw, f"{prefix}transformer.", values["num_layers"], hidden, 4 * hidden)
    return draw.tensors


def _biased_layers(draw: _Draw, prefix: str, num_layers: int, hidden: int, inner: int) -> None:
    for layer in range(num_layers):
        name = f"{prefix}layers.{layer}."
        draw.norm(f"{name}input_layernorm", hidden, has_bias=True)
        draw.matrix(f"{name}attention.query_key_value", 3 * hidden, hidden, has_bias=True)
        draw.matrix(f"{name}attention.dense", hidden, hidden, has_bias=True)
        draw.norm(f"{name}post_attention_layernorm", hidden, has_bias=True)
        draw.matrix(f"{name}mlp.dense_h_to_4h", inner, hidden, has_bias=True)
        draw.matrix(f"{name}mlp.dense_4h_to_h", hidden, inner, has_bias=True)
    draw.norm(f"{prefix}final_layernorm", hidden, has_bias=True)


def renamed(values: Mapping[str, Any], tensors: Tensors) -> tuple[dict[str, Any], Tensors]:
    """A remote-code ChatGLM as `GlmForCausalLM` would be saved: config values and tensors."""
    heads, width = values["num_attention_heads"], values["kv_channels"]
    groups = values["multi_query_group_num"] if values["multi_query_attention"] else heads
    theirs: dict[str, Any] = {
        "model_type": "glm",
        "architectures": ["GlmForCausalLM"],
        "vocab_size": values["padded_vocab_size"],
        "hidden_size": values["hidden_size"],
        "intermediate_size": values["ffn_hidden_size"],
        "num_hidden_layers": values["num_layers"],
        "num_attention_heads": heads,
        "num_key_value_heads": groups,
        "head_dim": width,
        "rms_norm_eps": values["layernorm_epsilon"],
        "rope_theta": 10000.0 * values.get("rope_ratio", 1),
        "partial_rotary_factor": 0.5,
        "attention_bias": values["add_qkv_bias"],
        "tie_word_embeddings": False,
        "max_position_embeddings": values["seq_length"],
        "hidden_act": "silu",
        "pad_token_id": 0,
        "eos_token_id": 2,
    }
    found: Tensors = {
        "model.embed_tokens.weight": tensors["transformer.embedding.word_embeddings.weight"],
        "lm_head.weight": tensors["transformer.output_layer.weight"],
        "model.norm.weight": tensors["transformer.encoder.final_layernorm.weight"],
    }
    same = {
        "input_layernorm": "input_layernorm",
        "post_attention_layernorm": "post_attention_layernorm",
        "self_attention.dense": "self_attn.o_proj",
        "mlp.dense_h_to_4h": "mlp.gate_up_proj",
        "mlp.dense_4h_to_h": "mlp.down_proj",
    }
    for layer in range(values["num_layers"]):
        old, new = f"transformer.encoder.layers.{layer}.", f"model.layers.{layer}."
        for ours, their in same.items():
            found[f"{new}{their}.weight"] = tensors[f"{old}{ours}.weight"]
        for kind in ("weight", "bias") if values["add_qkv_bias"] else ("weight",):
            fused = tensors[f"{old}self_attention.query_key_value.{kind}"]
            for part, rows in zip("qkv", _parts(fused, heads, groups, width, values), strict=True):
                found[f"{new}self_attn.{part}_proj.{kind}"] = np.ascontiguousarray(rows)
    return theirs, found


def _parts(
    fused: NDArray[np.float32], heads: int, groups: int, width: int, values: Mapping[str, Any]
) -> list[NDArray[np.float32]]:
    if not values["multi_query_attention"]:
        index = np.arange(heads * 3 * width).reshape(heads, 3, width)
        return [fused[index[:, part].ravel()] for part in range(3)]
    return np.split(fused, [heads * width, (heads + groups) * width])

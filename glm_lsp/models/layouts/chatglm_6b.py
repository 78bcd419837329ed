"""ChatGLM-6B, the first one, as its own code saves it. Rows of the fused projection are [head, 3, d]."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from glm_lsp.errors import ArchitectureError
from glm_lsp.models.config_values import (
    MAX_HEADS,
    MAX_LAYERS,
    count,
    flag,
    number,
    refuse_unknown,
    token_id,
)
from glm_lsp.models.layout import Layout, RowSpan, Shape, whole
from glm_lsp.models.layouts.chatglm import REFUSED, per_head_rows, refuse_altered
from glm_lsp.models.prefix_config import UNKNOWN_MASKS, PrefixLmConfig
from glm_lsp.models.tensors import tensors_of

RESIDUAL_SCALE = math.sqrt(2 * 28)
"""Whatever the number of layers: the model's code takes 28 from a default argument."""

_IGNORED = re.compile(r"transformer\.layers\.\d+\.attention\.rotary_emb\.inv_freq")

_KNOWN = {
    "layernorm_epsilon",
    "position_encoding_2d",
    "pre_seq_len",
    "prefix_projection",
    "quantization_bit",
}

_OURS = {
    "self_attn.qkv_proj": "attention.query_key_value",
    "self_attn.o_proj": "attention.dense",
    "mlp.up_proj": "mlp.dense_h_to_4h",
    "mlp.down_proj": "mlp.dense_4h_to_h",
}


def chatglm_6b_layout(values: Mapping[str, Any]) -> Layout:
    """The layout of a checkpoint with these values in its `config.json`.

    Raises:
        ArchitectureError: the model computes something that this program does not, or the config is incomplete.
    """
    config = _config(values)
    ours = tensors_of(config)
    tensors = {_official(name): shape for name, shape in ours.items()}
    return Layout(
        name="chatglm-6b",
        config=config,
        tensors=tensors,
        sources={name: _source(tensors, name, config) for name in ours},
        ignored=_IGNORED,
        refused=REFUSED,
        copies={"lm_head.weight": _official("model.embed_tokens.weight")}
        if config.tie_word_embeddings
        else {},
    )


def official_layer_name(name: str) -> str:
    """What the older models call one of our tensors of a layer, behind "transformer."."""
    _, _, layer, part = name.split(".", 3)
    stem, _, kind = part.rpartition(".")
    return f"layers.{layer}.{_OURS.get(stem, stem)}.{kind}"


def _config(values: Mapping[str, Any]) -> PrefixLmConfig:
    refuse_altered(values)
    if not flag(values, "position_encoding_2d", True):
        raise ArchitectureError("position_encoding_2d is false: its positions are counted in another way")
    refuse_unknown(values, _KNOWN, {})
    return PrefixLmConfig(
        architecture="chatglm-6b",
        vocab_size=count(values, "vocab_size"),
        hidden_size=count(values, "hidden_size"),
        intermediate_size=count(values, "inner_hidden_size"),
        num_hidden_layers=count(values, "num_layers", at_most=MAX_LAYERS),
        num_attention_heads=count(values, "num_attention_heads", at_most=MAX_HEADS),
        max_position_embeddings=count(values, "max_sequence_length", 2048),
        mask_token_ids=UNKNOWN_MASKS,
        start_token_id=UNKNOWN_MASKS[0],
        layer_norm_eps=number(values, "layernorm_epsilon", 1e-5),
        residual_scale=RESIDUAL_SCALE,
        rounds_frequencies=True,
        tie_word_embeddings=flag(values, "tie_word_embeddings", False),
        pad_token_id=token_id(values, "pad_token_id"),
    )


def _official(name: str) -> str:
    if name.startswith("model.layers."):
        return f"transformer.{official_layer_name(name)}"
    return {
        "model.embed_tokens.weight": "transformer.word_embeddings.weight",
        "model.norm.weight": "transformer.final_layernorm.weight",
        "model.norm.bias": "transformer.final_layernorm.bias",
    }.get(name, name)


def _source(tensors: Mapping[str, Shape], name: str, config: PrefixLmConfig) -> tuple[RowSpan, ...]:
    if ".qkv_proj." in name:
        return tuple(per_head_rows(_official(name), config.num_attention_heads, config.head_dim))
    return whole(tensors, _official(name))

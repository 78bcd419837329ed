"""The original GLM (glm-large-chinese, glm-2b, glm-10b ...) as its own code saves it.

Rows of the fused projection are [Q; K; V], the head is the embedding, and the two kinds of positions have tables. The
config does not name the tokens that mark a blank and its filling: they are the tokenizer's.
"""

from __future__ import annotations

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
    shown,
    token_id,
)
from glm_lsp.models.layout import Layout, whole
from glm_lsp.models.layouts.chatglm import REFUSED, refuse_altered
from glm_lsp.models.layouts.chatglm_6b import official_layer_name
from glm_lsp.models.prefix_config import UNKNOWN_MASKS, PrefixLmConfig
from glm_lsp.models.tensors import tensors_of

_KNOWN = {
    "attention_scale",
    "block_position_encoding",
    "layernorm_epsilon",
    "output_predict",
    "parallel_output",
    "relative_encoding",
    "use_scaled_init_for_output_weights",
}


def original_glm_layout(values: Mapping[str, Any], *, prefix: str = "glm.") -> Layout:
    """The layout of a checkpoint with these values in its `config.json`.

    Args:
        prefix: "glm." before all names, as `GLMForConditionalGeneration` puts it, or nothing.

    Raises:
        ArchitectureError: the model computes something that this program does not, or the config is incomplete.
    """
    config = _config(values)
    ours = tensors_of(config)
    official = {name: f"{prefix}{_official(name)}" for name in ours}
    tensors = {official[name]: shape for name, shape in ours.items()}
    return Layout(
        name="glm-original",
        config=config,
        tensors=tensors,
        sources={name: whole(tensors, official[name]) for name in ours},
        ignored=re.compile(r"(?!)"),
        refused=REFUSED,
    )


def _config(values: Mapping[str, Any]) -> PrefixLmConfig:
    refuse_altered(values)
    if flag(values, "relative_encoding", False) or not flag(values, "block_position_encoding", True):
        raise ArchitectureError("its positions are relative, or it has only one kind of them")
    if number(values, "attention_scale", 1.0) != 1.0:
        raise ArchitectureError(f"attention_scale is {shown(values['attention_scale'])}, not 1.0")
    if values.get("spell_length") is not None:
        raise ArchitectureError(f"spell_length is {shown(values['spell_length'])}: it writes in letters")
    refuse_unknown(values, _KNOWN, {})
    hidden = count(values, "hidden_size")
    return PrefixLmConfig(
        architecture="glm-original",
        vocab_size=count(values, "vocab_size"),
        hidden_size=hidden,
        intermediate_size=4 * hidden,
        num_hidden_layers=count(values, "num_layers", at_most=MAX_LAYERS),
        num_attention_heads=count(values, "num_attention_heads", at_most=MAX_HEADS),
        max_position_embeddings=count(values, "max_sequence_length"),
        mask_token_ids=UNKNOWN_MASKS,
        start_token_id=UNKNOWN_MASKS[0],
        layer_norm_eps=number(values, "layernorm_epsilon", 1e-5),
        tie_word_embeddings=True,
        pad_token_id=token_id(values, "pad_token_id"),
    )


def _official(name: str) -> str:
    if name.startswith("model.layers."):
        return f"transformer.{official_layer_name(name)}"
    if name == "model.embed_tokens.weight":
        return "word_embeddings.weight"
    return f"transformer.{name.removeprefix('model.').replace('norm.', 'final_layernorm.')}"

"""ChatGLM2, ChatGLM3, CodeGeeX2, GLM-4-9B and CodeGeeX4 as their own code saves them.

They are `GlmForCausalLM` under other names. Rows of the fused projection are [Q; K; V], or [head, 3, d] where every
head has its own keys and values; all other tensors are ours, row by row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from glm_lsp.errors import ArchitectureError
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.config_values import (
    MAX_HEADS,
    MAX_LAYERS,
    PAIRS_CAUSALLY,
    QUANTISED,
    count,
    flag,
    number,
    refuse_quantised,
    refuse_unknown,
    shown,
    token_id,
    token_ids,
)
from glm_lsp.models.layout import Layout, Refusal, RowSpan, Shape, whole
from glm_lsp.models.layouts.rope_ratio import RopeRule, interpolates
from glm_lsp.models.tensors import tensors_of

TUNED = "Import the model that was tuned, without its prefix; prefixes are not supported."

_IGNORED = re.compile(r"transformer\.rotary_pos_emb\.inv_freq|transformer\.vision\..*")
"""Of GLM-4V only the language model is taken."""

REFUSED = (
    Refusal(re.compile(r".*\.weight_scale"), "it is a quantised checkpoint", QUANTISED),
    Refusal(re.compile(r"transformer\.prefix_encoder\..*"), "it is a prefix for another model", TUNED),
)

_MUST_BE: dict[str, tuple[bool, str]] = {
    "rmsnorm": (True, "its norms are not root-mean-square norms"),
    "post_layer_norm": (True, "the last norm is missing"),
    "original_rope": (True, "it rotates halves of heads instead of neighbouring pairs"),
    "add_bias_linear": (False, "its linear layers have biases"),
    "apply_residual_connection_post_layernorm": (False, "its residual connections start behind the norms"),
    "interleaved_qkv": (False, "query, key and value rows are interleaved by group"),
    "tie_word_embeddings": (False, "no published model of this layout shares its embedding with its head"),
}

_KNOWN = {
    *_MUST_BE,
    "add_qkv_bias",
    "apply_query_key_layer_scaling",  # divides queries and multiplies scores by the same
    "attention_softmax_in_fp32",
    "bias_dropout_fusion",
    "fp32_residual_connection",
    "layernorm_epsilon",
    "multi_query_attention",
    "multi_query_group_num",
    "pre_seq_len",
    "prefix_projection",  # says something of a prefix only
    "quantization_bit",
    "rope_ratio",
    "rotary_percent",
}

_OURS = {
    "self_attn.qkv_proj": "self_attention.query_key_value",
    "self_attn.o_proj": "self_attention.dense",
    "mlp.gate_up_proj": "mlp.dense_h_to_4h",
    "mlp.down_proj": "mlp.dense_4h_to_h",
}
_TOP = {
    "model.embed_tokens.weight": "transformer.embedding.word_embeddings.weight",
    "model.norm.weight": "transformer.encoder.final_layernorm.weight",
    "lm_head.weight": "transformer.output_layer.weight",
}


def chatglm_layout(
    values: Mapping[str, Any], *, rope_rule: RopeRule = "auto", names: Iterable[str] = (), code: str = ""
) -> Layout:
    """The layout of a checkpoint with these values in its `config.json`.

    Args:
        rope_rule, names, code: see `rope_ratio.interpolates`.

    Raises:
        ArchitectureError: the model computes something that this program does not, or the config is incomplete.
    """
    config = _config(values, rope_rule, names, code)
    ours = tensors_of(config)
    tensors = {_official(name): shape for name, shape in ours.items()}
    shared = flag(values, "multi_query_attention", False)
    return Layout(
        name="chatglm",
        config=config,
        tensors=tensors,
        sources={name: _source(tensors, name, config, shared) for name in ours},
        ignored=_IGNORED,
        refused=REFUSED,
    )


def refuse_altered(values: Mapping[str, Any]) -> None:
    """Refuses a checkpoint that is quantised or only a prefix.

    Raises:
        ArchitectureError: it is.
    """
    refuse_quantised(values)
    if values.get("pre_seq_len") is not None:
        raise ArchitectureError(f"pre_seq_len is {shown(values['pre_seq_len'])}: it is a tuned prefix", TUNED)


def _config(values: Mapping[str, Any], rope_rule: RopeRule, names: Iterable[str], code: str) -> GlmConfig:
    """Absent keys take the defaults of the checkpoint's own config class; sizes must be given."""
    _refuse(values)
    heads = count(values, "num_attention_heads", at_most=MAX_HEADS)
    vocab_size = count(values, "padded_vocab_size")
    shared = flag(values, "multi_query_attention", False)
    theta, factor = 10000.0, 1.0
    ratio = number(values, "rope_ratio", 1.0)
    if ratio != 1.0:
        if interpolates(rope_rule, vocab_size=vocab_size, names=names, code=code):
            factor = ratio
        else:
            theta *= ratio
    return GlmConfig(
        architecture="glm",
        vocab_size=vocab_size,
        hidden_size=count(values, "hidden_size"),
        intermediate_size=count(values, "ffn_hidden_size"),
        num_hidden_layers=count(values, "num_layers", at_most=MAX_LAYERS),
        num_attention_heads=heads,
        num_key_value_heads=count(values, "multi_query_group_num", 1) if shared else heads,
        head_dim=count(values, "kv_channels", 128),
        rms_norm_eps=number(values, "layernorm_epsilon", 1e-5),
        rope_theta=theta,
        rope_factor=factor,
        partial_rotary_factor=0.5,
        attention_bias=flag(values, "add_qkv_bias", False),
        tie_word_embeddings=False,
        max_position_embeddings=count(values, "seq_length", 2048),
        eos_token_ids=token_ids(values, "eos_token_id"),
        pad_token_id=token_id(values, "pad_token_id"),
    )


def _refuse(values: Mapping[str, Any]) -> None:
    refuse_altered(values)
    for key, (needed, why) in _MUST_BE.items():
        if flag(values, key, needed) is not needed:
            raise ArchitectureError(f"{key} is {str(not needed).lower()}: {why}")
    # The models' code rotates half of each head whatever this key says.
    if number(values, "rotary_percent", 0.5) != 0.5:
        raise ArchitectureError(f"rotary_percent is {shown(values['rotary_percent'])}, not 0.5")
    refuse_unknown(values, _KNOWN, PAIRS_CAUSALLY)


def _official(name: str) -> str:
    if name in _TOP:
        return _TOP[name]
    _, _, layer, part = name.split(".", 3)
    stem, _, kind = part.rpartition(".")
    return f"transformer.encoder.layers.{layer}.{_OURS.get(stem, stem)}.{kind}"


def _source(tensors: Mapping[str, Shape], name: str, config: GlmConfig, shared: bool) -> tuple[RowSpan, ...]:
    official = _official(name)
    if ".qkv_proj." in name and not shared:
        return tuple(per_head_rows(official, config.num_attention_heads, config.head_dim))
    return whole(tensors, official)


def per_head_rows(name: str, heads: int, head_dim: int) -> Iterator[RowSpan]:
    """Rows [Q; K; V] of a fused projection whose rows are [head, 3, d]."""
    for part in range(3):
        for head in range(heads):
            start = (3 * head + part) * head_dim
            yield RowSpan(name, start, start + head_dim)

"""`GlmForCausalLM` and `Glm4ForCausalLM` as transformers saves them: query, key and value are three tensors."""

from __future__ import annotations

import re

from glm_lsp.models.config import GlmConfig
from glm_lsp.models.layout import Layout, RowSpan, Shape, whole
from glm_lsp.models.tensors import tensors_of

_FREQUENCIES = re.compile(r".*\.inv_freq")
_HEAD, _EMBEDDING = "lm_head.weight", "model.embed_tokens.weight"


def native_layout(config: GlmConfig) -> Layout:
    """The layout of a checkpoint of this shape."""
    tensors = native_tensors(config)
    return Layout(
        name=config.architecture,
        config=config,
        tensors=tensors,
        sources={name: _source(tensors, name) for name in tensors_of(config)},
        ignored=_FREQUENCIES,
        copies={_HEAD: _EMBEDDING} if config.tie_word_embeddings else {},
    )


def native_tensors(config: GlmConfig) -> dict[str, Shape]:
    """Every tensor transformers saves for a model of this shape."""
    q_rows = config.num_attention_heads * config.head_dim
    kv_rows = config.num_key_value_heads * config.head_dim
    tensors: dict[str, Shape] = {}
    for name, shape in tensors_of(config).items():
        if ".qkv_proj." in name:
            for part, rows in (("q", q_rows), ("k", kv_rows), ("v", kv_rows)):
                tensors[_part(name, part)] = (rows, *shape[1:])
        else:
            tensors[name] = shape
    return tensors


def _source(tensors: dict[str, Shape], name: str) -> tuple[RowSpan, ...]:
    if name in tensors:
        return whole(tensors, name)
    return tuple(span for part in "qkv" for span in whole(tensors, _part(name, part)))


def _part(name: str, part: str) -> str:
    return name.replace(".qkv_proj.", f".{part}_proj.")

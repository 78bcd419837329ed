"""The tensors a graph is built from, by our names, with their shapes.

They are transformers' names, but that query, key and value are one tensor: rows [Q; K; V]. Models with two positions
have no names there; theirs follow the same pattern.
"""

from __future__ import annotations

import math

from glm_lsp.models.config import GlmConfig
from glm_lsp.models.layout import Shape
from glm_lsp.models.model_config import ModelConfig
from glm_lsp.models.prefix_config import PrefixLmConfig


def tensors_of(config: ModelConfig) -> dict[str, Shape]:
    """Every tensor of a model, in the order in which the graph uses them."""
    return _prefix_tensors(config) if isinstance(config, PrefixLmConfig) else _glm_tensors(config)


def num_parameters(config: ModelConfig) -> int:
    """How many weights the model has; a tied head counts once."""
    return sum(math.prod(shape) for shape in tensors_of(config).values())


def _glm_tensors(config: GlmConfig) -> dict[str, Shape]:
    vocab, hidden = config.vocab_size, config.hidden_size
    tensors: dict[str, Shape] = {"model.embed_tokens.weight": (vocab, hidden)}
    for layer in range(config.num_hidden_layers):
        tensors |= {f"model.layers.{layer}.{name}": shape for name, shape in _glm_layer(config).items()}
    tensors["model.norm.weight"] = (hidden,)
    if not config.tie_word_embeddings:
        tensors["lm_head.weight"] = (vocab, hidden)
    return tensors


def _glm_layer(config: GlmConfig) -> dict[str, Shape]:
    hidden, inner = config.hidden_size, config.intermediate_size
    tensors: dict[str, Shape] = {
        "input_layernorm.weight": (hidden,),
        "self_attn.qkv_proj.weight": (config.qkv_width, hidden),
    }
    if config.attention_bias:
        tensors["self_attn.qkv_proj.bias"] = (config.qkv_width,)
    tensors["self_attn.o_proj.weight"] = (hidden, config.num_attention_heads * config.head_dim)
    tensors["post_attention_layernorm.weight"] = (hidden,)
    tensors["mlp.gate_up_proj.weight"] = (2 * inner, hidden)
    tensors["mlp.down_proj.weight"] = (hidden, inner)
    if config.architecture == "glm4":
        tensors["post_self_attn_layernorm.weight"] = (hidden,)
        tensors["post_mlp_layernorm.weight"] = (hidden,)
    return tensors


def _prefix_tensors(config: PrefixLmConfig) -> dict[str, Shape]:
    vocab, hidden, inner = config.vocab_size, config.hidden_size, config.intermediate_size
    tensors: dict[str, Shape] = {"model.embed_tokens.weight": (vocab, hidden)}
    if not config.rotates:
        positions = (config.max_position_embeddings + 1, hidden)
        tensors |= {
            "model.position_embeddings.weight": positions,
            "model.block_position_embeddings.weight": positions,
        }
    linear = {
        "self_attn.qkv_proj": (config.qkv_width, hidden),
        "self_attn.o_proj": (hidden, hidden),
        "mlp.up_proj": (inner, hidden),
        "mlp.down_proj": (hidden, inner),
    }
    for layer in range(config.num_hidden_layers):
        prefix = f"model.layers.{layer}."
        for norm in ("input_layernorm", "post_attention_layernorm"):
            tensors |= {f"{prefix}{norm}.weight": (hidden,), f"{prefix}{norm}.bias": (hidden,)}
        for name, (rows, columns) in linear.items():
            tensors |= {f"{prefix}{name}.weight": (rows, columns), f"{prefix}{name}.bias": (rows,)}
    tensors |= {"model.norm.weight": (hidden,), "model.norm.bias": (hidden,)}
    if not config.tie_word_embeddings:
        tensors["lm_head.weight"] = (vocab, hidden)
    return tensors

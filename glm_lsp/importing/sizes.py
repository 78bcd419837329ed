"""How large a model will be, before anything is written."""

from __future__ import annotations

import math
from dataclasses import replace

from glm_lsp.models.graph_options import GraphOptions, precision_of
from glm_lsp.models.model_config import ModelConfig
from glm_lsp.models.precision import ITEM_BYTES, Precision
from glm_lsp.models.quantization import BLOCK
from glm_lsp.models.tensors import tensors_of

_BYTES: dict[Precision, float] = {"fp32": 4.0, "fp16": 2.0, "bf16": 2.0, "int8": 1.0, "int4": 0.5}
"""For each weight of a matrix, without scales."""


def model_bytes(config: ModelConfig, options: GraphOptions) -> int:
    """Bytes of all weights in the model folder."""
    total = 0.0
    for name, shape in tensors_of(config).items():
        precision, number = precision_of(name, options), ITEM_BYTES[options.format_of(name)]
        scale = number / BLOCK if precision in ("int8", "int4") else 0.0
        total += math.prod(shape) * (_BYTES[precision] + scale if len(shape) > 1 else number)
        if "embed_tokens" in name and precision == "int8" and options.activations != "fp32":
            total += math.prod(shape) / BLOCK  # its zero points are spelled out
    return math.ceil(total)


def run_bytes(config: ModelConfig, options: GraphOptions) -> int:
    """Bytes of all weights in memory while the model runs. On the CPU what is stored as fp16 is widened to fp32."""
    is_widened = options.precision == "fp16" and options.activations == "fp32"
    return model_bytes(config, replace(options, precision="fp32") if is_widened else options)


def slot_bytes(config: ModelConfig, options: GraphOptions) -> int:
    """Bytes of the keys and values of one open file."""
    per_token = 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim
    return per_token * ITEM_BYTES[options.activations] * options.capacity

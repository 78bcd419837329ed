"""How large a model will be, before anything is written."""

from __future__ import annotations

import math
from dataclasses import replace

from glm_lsp.models.graph_options import GraphOptions, precision_of
from glm_lsp.models.model_config import ModelConfig
from glm_lsp.models.precision import Precision
from glm_lsp.models.quantization import BLOCK
from glm_lsp.models.tensors import tensors_of

_SCALE_BYTES = 4 / BLOCK
_BYTES: dict[Precision, float] = {
    "fp32": 4.0,
    "fp16": 2.0,
    "bf16": 2.0,
    "int8": 1 + _SCALE_BYTES,
    "int4": 0.5 + _SCALE_BYTES,
}
"""For each weight of a matrix."""


def model_bytes(config: ModelConfig, options: GraphOptions) -> int:
    """Bytes of all weights in the model folder."""
    total = 0.0
    for name, shape in tensors_of(config).items():
        each = _BYTES[precision_of(name, options) if len(shape) > 1 else "fp32"]
        total += math.prod(shape) * each
    return math.ceil(total)


def run_bytes(config: ModelConfig, options: GraphOptions) -> int:
    """Bytes of all weights in memory while the model runs. ONNX Runtime computes in fp32 what is stored as fp16."""
    return model_bytes(config, replace(options, precision="fp32") if options.precision == "fp16" else options)

"""How large a model will be, before anything is written."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

from glm_lsp.byte_size import readable
from glm_lsp.errors import StorageFullError
from glm_lsp.models.graph_builder import Precision
from glm_lsp.models.graph_options import GraphOptions, precision_of
from glm_lsp.models.model_config import ModelConfig
from glm_lsp.models.quantization import BLOCK
from glm_lsp.models.tensors import tensors_of

SPARE_BYTES = 64 << 20
"""For graph, tokenizer, papers and what others write meanwhile."""

_SCALE_BYTES = 4 / BLOCK
_BYTES: dict[Precision, float] = {
    "fp32": 4.0,
    "fp16": 2.0,
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


def require_room(folder: Path, num_bytes: int) -> None:
    """Refuses to begin what will not fit.

    Raises:
        StorageFullError: fewer than `num_bytes` and some spare are free where `folder` is or will be.
    """
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < num_bytes + SPARE_BYTES:
        raise StorageFullError(
            f"{folder} needs {readable(num_bytes + SPARE_BYTES)}, {readable(free)} are free",
            "Free some space, or set GLM_LSP_HOME to a folder on a larger disk.",
        )

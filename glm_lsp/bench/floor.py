"""The least time a decode step can take: every weight and every cached key and value is read once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import onnx

from glm_lsp.bench.bandwidth import read_bandwidth
from glm_lsp.bench.device_copy import copy_bandwidth
from glm_lsp.errors import ModelFileError
from glm_lsp.models.external_data import require_contained
from glm_lsp.models.store import ModelFolder

# Of what these read, a step needs a row or two.
_LOOK_UPS = frozenset({"Gather", "GatherBlockQuantized", "GroupQueryAttention"})
_LEAST_FAR_BYTES = 256 << 20
_CACHES = 8
"""A set this many times the largest cache is read from memory."""


@dataclass(frozen=True, slots=True)
class Floor:
    """Bytes of a step and how fast they can be read.

    Attributes:
        weight_bytes: of all weights that a step multiplies with.
        kv_token_bytes: keys and values of one token.
        memory_gb_s: read from far more than the caches hold.
        resident_gb_s: read over and over from as many bytes as the weights have, which caches may hold.
        measured_by: how.
    """

    weight_bytes: int
    kv_token_bytes: int
    memory_gb_s: float
    resident_gb_s: float
    measured_by: str = "reading"

    def step_bytes(self, past: int) -> int:
        """What a step behind `past` tokens reads."""
        return self.weight_bytes + self.kv_token_bytes * (past + 1)

    def memory_ms(self, past: int) -> float:
        """The floor when nothing of the model is in a cache."""
        return self.step_bytes(past) / self.memory_gb_s / 1e6

    def resident_ms(self, past: int) -> float:
        """The floor when the model stays in whatever caches it fits into."""
        return self.step_bytes(past) / self.resident_gb_s / 1e6


def measure_floor(
    folder: ModelFolder,
    threads: int,
    cache_mib: float | None,
    kv_token_bytes: int,
    device: Literal["cpu", "cuda"] = "cpu",
) -> Floor:
    """Reads the graph and measures the memory: a CPU's with as many threads as a step has, a GPU's by a copy in it.

    Raises:
        ModelFileError: see `weight_bytes`.
        DeviceError: see `copy_bandwidth`.
    """
    weights = weight_bytes(folder)
    if device == "cuda":
        # Its caches hold next to nothing of a model that is worth a GPU.
        copied = copy_bandwidth("cuda")
        return Floor(weights, kv_token_bytes, copied, copied, "a device copy, bytes read and written")
    far = max(_LEAST_FAR_BYTES, int((cache_mib or 0) * _CACHES) << 20)
    memory = read_bandwidth(far, threads)
    return Floor(weights, kv_token_bytes, memory, max(memory, read_bandwidth(min(weights, far), threads)))


def weight_bytes(folder: ModelFolder) -> int:
    """Bytes of the weights that each step reads in full; an embedding counts when it is the head, too.

    Raises:
        ModelFileError: the graph cannot be read, or keeps its weights elsewhere than this program does.
    """
    require_contained(folder.graph_path, folder.manifest.files)
    graph = onnx.load(str(folder.graph_path), load_external_data=False).graph
    in_full = {name for node in graph.node if node.op_type not in _LOOK_UPS for name in node.input}
    num_bytes = 0
    for tensor in graph.initializer:
        if tensor.name in in_full and tensor.external_data:
            place = {entry.key: entry.value for entry in tensor.external_data}
            try:
                # Two that name the same bytes of the file count twice: on a GPU each has memory of its own.
                num_bytes += int(place["length"])
            except (KeyError, ValueError) as error:
                raise ModelFileError(f"{folder.graph_path} does not say where {tensor.name} is") from error
    return num_bytes

"""The memory of a GPU: what a model needs of it, and how much of it parked slots may have."""

from __future__ import annotations

from dataclasses import dataclass

from glm_lsp.models.manifest import WEIGHT_FILE
from glm_lsp.models.precision import ITEM_BYTES
from glm_lsp.models.store import ModelFolder

LIBRARY_BYTES = 512 * 2**20
"""What CUDA's context, its kernels and cuBLAS take before anything is computed; an estimate."""


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """Bytes of GPU memory; `run_bytes` is an estimate of what one run takes beside them."""

    weight_bytes: int
    slot_bytes: int
    run_bytes: int

    @property
    def total(self) -> int:
        """With one slot."""
        return self.weight_bytes + self.slot_bytes + self.run_bytes + LIBRARY_BYTES


def needed_memory(folder: ModelFolder, capacity: int, run_tokens: int) -> MemoryNeed:
    """What a model needs with KV slots of `capacity` tokens and runs of up to `run_tokens`."""
    config, item = folder.config, ITEM_BYTES[folder.manifest.activations]
    weights = folder.manifest.files.get(WEIGHT_FILE)
    per_token = 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim * item
    # Gate and up, their product and the residual stream at once; the scores of a few rows in fp32, several times.
    widest = item * (3 * config.intermediate_size + 4 * config.hidden_size)
    scores = 4 * 4 * 8 * folder.manifest.vocab_size
    return MemoryNeed(
        weights.bytes if weights else 0, per_token * capacity, widest * min(run_tokens, capacity) + scores
    )


def parked_slots(free_bytes: int | None, slot_bytes: int, num_slots: int) -> int:
    """How many of `num_slots` parked ones may lie on a device with `free_bytes` free once the model is there.

    Half of what is free is left for others; where it cannot be known, all of them: running out of it is noticed.
    """
    if free_bytes is None:
        return num_slots
    return max(0, min(num_slots, free_bytes // 2 // slot_bytes))

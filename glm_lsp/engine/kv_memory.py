"""How many KV slots fit into the memory a user allows."""

from __future__ import annotations

from glm_lsp.models.precision import ITEM_BYTES
from glm_lsp.models.store import ModelFolder

MAX_SLOTS = 16
"""One for each file that the windows on this machine go back and forth between; finding the best slot stays a short
scan, and the memory of a slot is only taken as it is filled."""


def slot_bytes(folder: ModelFolder) -> int:
    """Bytes of one full slot."""
    config, item = folder.config, ITEM_BYTES[folder.manifest.activations]
    per_token = 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim * item
    return per_token * folder.manifest.capacity


def num_slots(folder: ModelFolder, memory_mib: int) -> int:
    """Slots within `memory_mib`, at least one: without any there is no completion."""
    return min(MAX_SLOTS, max(1, memory_mib * 2**20 // slot_bytes(folder)))

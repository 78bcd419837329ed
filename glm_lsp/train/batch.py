"""Rows to tensors on the device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from glm_lsp.train.attention import AttentionKind, Mask, make_mask
from glm_lsp.train.stream import Row


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """What the model's forward takes; tensors are [rows, context] on the device."""

    token_ids: Tensor
    targets: Tensor
    weights: Tensor
    positions: Tensor
    mask: Mask

    @property
    def inputs(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Mask]:
        """In the order of the forward's parameters."""
        return self.token_ids, self.targets, self.weights, self.positions, self.mask


def micro_batches(
    rows: list[Row], size: int, device: torch.device, attention: AttentionKind
) -> Iterator[MicroBatch]:
    """Stacks rows into micro-batches of at most `size` rows and moves them to the device."""
    for at in range(0, len(rows), size):
        part = rows[at : at + size]
        fields = [
            _to(device, np.stack([getattr(row, name) for row in part]))
            for name in ("token_ids", "targets", "weights", "positions", "segments")
        ]
        token_ids, targets, weights, positions, segments = fields
        yield MicroBatch(token_ids, targets.long(), weights, positions.long(), make_mask(segments, attention))


def total_weight(rows: list[Row]) -> float:
    """What the summed loss of these rows is divided by; at least 1."""
    return max(1.0, float(sum(row.weights.sum(dtype=np.float64) for row in rows)))


def _to(device: torch.device, array: np.ndarray) -> Tensor:
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor

"""Who may look at whom in a packed row: causal, and never across examples; as a dense mask or as blocks.

Both forms say the same. The dense mask works everywhere; with the block mask, flex attention skips what is masked and
needs no memory for the mask, and is what a GPU is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import create_block_mask

Mask: TypeAlias = Any
"""A dense mask [B, 1, T, T] or a `BlockMask`."""

AttentionKind = Literal["dense", "flex"]
MaskMod = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def mask_mod(segments: Tensor) -> MaskMod:
    """Segment numbers [B, T] -> the predicate (batch, head, query, key) that flex attention asks."""

    def allowed(batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return (query >= key) & (segments[batch, query] == segments[batch, key])

    return allowed


def dense_mask(segments: Tensor) -> Tensor:
    """[B, T] segment numbers -> [B, 1, T, T] bool."""
    same = segments.unsqueeze(1) == segments.unsqueeze(2)
    return torch.tril(same).unsqueeze(1)


def make_mask(segments: Tensor, kind: AttentionKind) -> Mask:
    """The mask of one micro-batch in the form that `kind` of attention takes."""
    if kind == "dense":
        return dense_mask(segments)
    batch, length = segments.shape
    return create_block_mask(
        mask_mod(segments), B=batch, H=None, Q_LEN=length, KV_LEN=length, device=segments.device
    )

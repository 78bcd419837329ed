"""Checkpoints on disk: the whole state of a run, or its weights alone; a cut while writing leaves the old one whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from glm_lsp.errors import TrainingError

State = dict[str, Any]


def write(path: Path, state: State) -> None:
    """Writes under a temporary name, then renames."""
    part = path.with_name(f"{path.name}.part")
    torch.save(state, part)
    part.replace(path)


def read(path: Path) -> State:
    """A checkpoint, its tensors on the CPU.

    Raises:
        TrainingError: it is missing or damaged.
    """
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        state["model"], state["progress"], state["recipe"]
    except Exception as error:
        raise TrainingError(f"the checkpoint {path} cannot be read: {error}") from error
    return dict(state)


def weights_only(state: State) -> State:
    """The averaged weights, or the last where there is no average, in bf16; enough to go on from or to release."""
    weights: dict[str, Tensor] = state.get("ema") or state["model"]
    return {
        "model": {name: tensor.to(torch.bfloat16).cpu() for name, tensor in weights.items()},
        "progress": state["progress"],
        "recipe": state["recipe"],
    }

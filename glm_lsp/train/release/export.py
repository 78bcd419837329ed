"""A run's weights as a checkpoint folder, as transformers would save it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from glm_lsp.errors import CheckpointError, TrainingError
from glm_lsp.models.checkpoint_files.safetensors_file import SafetensorsFile
from glm_lsp.train.recipe import Recipe

Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class RunWeights:
    """The weights of a run by their transformers names, and what its file says of how they came about.

    `averaged` tells whether they are the run's moving average; `progress` holds steps, tokens and seconds.
    """

    weights: Weights
    recipe: str = ""
    averaged: bool = False
    progress: dict[str, Any] = field(default_factory=dict)


def read_run(path: Path) -> RunWeights:
    """Reads a trainer's checkpoint, a torch state dict, or a .safetensors file of weights.

    Of a checkpoint that holds a moving average (`ema`) beside the last weights (`model`), the average is taken.

    Raises:
        TrainingError: the file is missing, damaged or none of these.
    """
    if path.suffix == ".safetensors":
        try:
            file = SafetensorsFile(path)
            return RunWeights({name: file.read(name) for name in file.entries}, progress=_logged(path.parent))
        except CheckpointError as error:
            raise TrainingError(f"the weights {path} cannot be read: {error.cause}") from error
    return _read_torch(path)


def _read_torch(path: Path) -> RunWeights:
    import torch  # noqa: PLC0415 (weights alone are released without torch)

    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        tensors = state.get("ema") or state.get("model", state)
        weights = {name: tensor.detach().float().numpy() for name, tensor in tensors.items()}
        progress = dict(state["progress"]) if "progress" in state else _logged(path.parent)
    except Exception as error:
        raise TrainingError(f"the checkpoint {path} cannot be read: {error}") from error
    # The trainer's weights alone are the average, where there is one, under the name of the last weights.
    averaged = bool(state.get("ema")) or ("muon" not in state and bool(progress.get("averaged")))
    return RunWeights(
        weights,
        recipe=str(state.get("recipe", "")) if "model" in state else "",
        averaged=averaged,
        progress=progress,
    )


def _logged(folder: Path) -> dict[str, Any]:
    """Steps, tokens and seconds from the last line of the run's log, where there is one."""
    try:
        last = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[-1]
        line = json.loads(last)
    except (OSError, ValueError, IndexError):
        return {}
    return {key: line[key] for key in ("step", "tokens", "seconds") if key in line}


def export_checkpoint(run: Path, recipe: Recipe, tokenizer: Path, out: Path) -> int:
    """Writes config.json, model.safetensors (fp32, head tied to the embedding) and tokenizer.json.

    Returns:
        the number of parameters.

    Raises:
        TrainingError: the run's checkpoint is missing or belongs to another recipe.
    """
    return write_checkpoint(read_run(run), recipe, tokenizer, out)


def write_checkpoint(run: RunWeights, recipe: Recipe, tokenizer: Path, out: Path) -> int:
    """As `export_checkpoint`, of weights already read."""
    if run.recipe and run.recipe != recipe.name:
        raise TrainingError(f"the checkpoint is of recipe {run.recipe!r}, not {recipe.name!r}")
    out.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: np.ascontiguousarray(values) for name, values in run.weights.items()},
        out / "model.safetensors",
    )
    (out / "config.json").write_text(json.dumps(recipe.config().to_dict(), indent=2) + "\n", encoding="utf-8")
    shutil.copyfile(tokenizer, out / "tokenizer.json")
    return sum(values.size for values in run.weights.values())

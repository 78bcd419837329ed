"""A training recipe: every hyper-parameter and seed of a run, read from TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from glm_lsp.errors import TrainingError
from glm_lsp.models.config import GlmConfig
from glm_lsp.train.example import Mix

RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """`batch_tokens` are (progress from, tokens per step) pairs; learning rates are peaks.

    `decay_from` and `ema_from` are shares of the plan, `loss_rows` tokens whose scores are computed at once,
    `valid_bytes` the held-out text that is scored every `valid_every_s` seconds.
    """

    name: str
    model: dict[str, Any]
    context: int
    micro_batch: int
    batch_tokens: list[tuple[float, int]]
    warmup_steps: int = 60
    decay_from: float = 0.55
    muon_lr: float = 0.02
    muon_momentum: float = 0.95
    muon_weight_decay: float = 0.05
    adam_lr: float = 3e-3
    adam_betas: tuple[float, float] = (0.9, 0.95)
    clip: float = 1.0
    z_loss: float = 1e-4
    ema: float = 0.997
    ema_from: float = 0.5
    rewarm_steps: int = 100
    loss_rows: int = 1024
    valid_bytes: int = 40_000
    valid_every_s: float = 600.0
    seed: int = 1
    mix: Mix = field(default_factory=Mix)

    def config(self) -> GlmConfig:
        """The model's configuration, in the form the rest of the program reads."""
        return GlmConfig.from_dict({"architectures": ["GlmForCausalLM"], "model_type": "glm", **self.model})


def load_recipe(name_or_path: str, changes: Iterable[str] = ()) -> Recipe:
    """Reads `recipes/NAME.toml` or a path; `changes` are lines of TOML ("muon_lr = 0.01") that take precedence.

    Raises:
        TrainingError: no such recipe, or a key it does not know.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = RECIPES / f"{name_or_path}.toml"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        for change in changes:
            values |= tomllib.loads(change)
    except (OSError, ValueError) as error:
        raise TrainingError(f"the recipe {path} cannot be read: {error}") from error
    unknown = values.keys() - {f.name for f in fields(Recipe)}
    unknown |= {f"mix.{key}" for key in values.get("mix", {}).keys() - {f.name for f in fields(Mix)}}
    if unknown:
        raise TrainingError(f"the recipe {path.name} has unknown keys: {', '.join(sorted(unknown))}")
    values["mix"] = Mix(**values.get("mix", {}))
    values["batch_tokens"] = [(float(a), int(b)) for a, b in values["batch_tokens"]]
    return Recipe(**values)

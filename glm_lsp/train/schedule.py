"""How far a run has come, when it ends, and what that makes of the learning rate."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from glm_lsp.train.recipe import Recipe
from glm_lsp.train.stream import Place


@dataclass(slots=True)
class Progress:
    """How far a run has come; saved with every checkpoint.

    `seconds` are training seconds over all restarts. `decay_began` and `decay_seconds` are set once the learning
    rate was told to fall ahead of the plan; `warm_from` is the step at which the optimizers last started afresh.
    """

    step: int = 0
    rows: int = 0
    tokens: int = 0
    seconds: float = 0.0
    averaged: int = 0
    warm_from: int = 0
    decay_began: float | None = None
    decay_seconds: float | None = None
    places: list[Place] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a checkpoint."""
        values = asdict(self)
        values["places"] = [list(asdict(place).values()) for place in self.places]
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Progress:
        """The inverse of `to_dict`; checkpoints without the newer fields are read too."""
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        known["places"] = [Place(*place) for place in known.get("places", [])]
        return cls(**known)


@dataclass(slots=True, kw_only=True)
class Plan:
    """When a run ends: after `seconds` of training or `steps` steps; with `hold` it has no end yet."""

    seconds: float | None = None
    steps: int | None = None
    hold: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """Warm-up, constant, linear to zero, by the share of the plan that is fulfilled."""

    recipe: Recipe
    plan: Plan

    def done(self, progress: Progress) -> float:
        """0 at the start, `decay_from` where the learning rate begins to fall, 1 when the run is over."""
        start = self.recipe.decay_from
        if progress.decay_seconds is not None and progress.decay_began is not None:
            since = progress.seconds - progress.decay_began
            return start + (1 - start) * since / max(1e-6, progress.decay_seconds)
        shares = [0.0]
        if self.plan.seconds is not None:
            shares.append(progress.seconds / self.plan.seconds)
        if self.plan.steps is not None:
            shares.append(progress.step / self.plan.steps)
        return min(start, max(shares)) if self.plan.hold else max(shares)

    def decaying(self, progress: Progress) -> bool:
        """Whether the learning rate falls already."""
        return self.done(progress) > self.recipe.decay_from

    def lr_scale(self, progress: Progress) -> float:
        """What the peak learning rates are multiplied by in the next step."""
        rise = self.recipe.rewarm_steps if progress.warm_from else self.recipe.warmup_steps
        warm = min(1.0, (progress.step - progress.warm_from + 1) / max(1, rise))
        if not self.decaying(progress):
            return warm
        return warm * max(0.0, (1 - self.done(progress)) / (1 - self.recipe.decay_from))

    def averaging(self, progress: Progress) -> bool:
        """Whether the average of the weights is being taken; without an end in sight, from the warm-up on."""
        if self.plan.hold and progress.step - progress.warm_from > self.recipe.warmup_steps:
            return True
        return self.done(progress) >= self.recipe.ema_from

    def batch_rows(self, progress: Progress) -> int:
        """Rows of the next step, a multiple of the micro-batch."""
        done = self.done(progress)
        tokens = max((pair for pair in self.recipe.batch_tokens if pair[0] <= done), key=lambda p: p[0])[1]
        micro = self.recipe.micro_batch
        return max(1, round(tokens / (self.recipe.context * micro))) * micro

    def seconds_left(self, progress: Progress, step_s: float) -> float | None:
        """Training seconds until the end; None when there is none yet."""
        if progress.decay_seconds is not None and progress.decay_began is not None:
            return max(0.0, progress.decay_began + progress.decay_seconds - progress.seconds)
        if self.plan.hold:
            return None
        left = []
        if self.plan.seconds is not None:
            left.append(self.plan.seconds - progress.seconds)
        if self.plan.steps is not None:
            left.append((self.plan.steps - progress.step) * step_s)
        return max(0.0, min(left)) if left else None

"""metrics.jsonl: one line every few steps, with speed, loss, held-out scores and the time left."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

from torch import Tensor

from glm_lsp.errors import TrainingError
from glm_lsp.models.config import GlmConfig
from glm_lsp.train.schedule import Progress, Schedule


def flops_per_token(config: GlmConfig, parameters: int, context: int) -> float:
    """Forward and backward of one token: six for each weight, and causal attention over half the context."""
    attention = config.num_hidden_layers * config.num_attention_heads * config.head_dim * context
    return 6.0 * parameters + 6.0 * attention


class Metrics:
    """Gathers the losses of some steps, then writes a line; reading a loss waits for the device, so that is rare."""

    def __init__(self, path: Path, schedule: Schedule, *, flops: float, peak_flops: float | None) -> None:
        self._path, self._schedule = path, schedule
        self._flops, self._peak = flops, peak_flops
        self._losses: list[Tensor] = []
        self._tokens = 0
        self._waited = 0.0
        self._since = time.monotonic()

    def add(self, loss: Tensor, tokens: int, waited: float) -> None:
        """Takes note of one step; `waited` are the seconds it waited for rows."""
        self._losses.append(loss)
        self._tokens += tokens
        self._waited += waited

    def write(self, progress: Progress) -> None:
        """Writes a line about the steps added since the last, if there are any.

        Raises:
            TrainingError: a loss is not a number; nothing is written.
        """
        steps = len(self._losses)
        if not steps:
            return
        losses = [float(loss) for loss in self._losses]
        if not all(map(math.isfinite, losses)):
            raise TrainingError(f"the loss is not finite in the {steps} steps up to step {progress.step}")
        now = time.monotonic()
        speed = self._tokens / max(1e-9, now - self._since)
        line: dict[str, Any] = {
            **_place(progress),
            "loss": round(sum(losses) / steps, 4),
            "lr_scale": round(self._schedule.lr_scale(progress), 4),
            "progress": round(self._schedule.done(progress), 4),
            "tok_s": round(speed),
            "waited": round(self._waited / max(1e-9, now - self._since), 3),
        }
        if self._peak:
            line["mfu"] = round(speed * self._flops / self._peak, 4)
        left = self._schedule.seconds_left(progress, (now - self._since) / steps)
        if left is not None:
            line["eta_s"] = round(left)
        self._append(line)

    def write_scores(self, progress: Progress, scores: dict[str, float], seconds: float) -> None:
        """Writes a line of held-out scores that took `seconds` to measure."""
        self._append({**_place(progress), **scores, "scoring_s": round(seconds, 2)})

    def _append(self, line: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        self.restart()

    def restart(self) -> None:
        """Begins the count anew, as after a pause that is not training."""
        self._losses, self._tokens, self._waited = [], 0, 0.0
        self._since = time.monotonic()


def _place(progress: Progress) -> dict[str, Any]:
    return {"step": progress.step, "tokens": progress.tokens, "seconds": round(progress.seconds, 1)}

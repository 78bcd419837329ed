"""The training loop: rows in, checkpoints out; on CPU cores or a GPU; resumable, driven by a clock, safe to stop.

Progress is training seconds used over seconds planned (or steps over steps), across restarts, so a run that is cut
and resumed follows the same schedule. The state just before the learning rate begins to fall is kept as `stable.pt`: a
later run can go on from there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from glm_lsp.train import checkpoint
from glm_lsp.train.attention import AttentionKind
from glm_lsp.train.batch import micro_batches, total_weight
from glm_lsp.train.heldout import HeldOut
from glm_lsp.train.loader import Loader
from glm_lsp.train.metrics import Metrics, flops_per_token
from glm_lsp.train.model import GlmForTraining
from glm_lsp.train.optimiser import Optimiser, WeightAverage
from glm_lsp.train.recipe import Recipe
from glm_lsp.train.schedule import Plan, Progress, Schedule
from glm_lsp.train.stream import Row, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a run is carried out; what it learns does not depend on it, but for the order of additions."""

    device: str = "cpu"
    attention: AttentionKind = "dense"
    compile_model: bool = False
    workers: int = 0
    stop_after_s: float | None = None
    checkpoint_every_s: float = 240.0
    log_every: int = 10
    peak_flops: float | None = None


class Trainer:
    """One run in one folder: `checkpoint.pt`, `stable.pt`, `weights.pt`, `metrics.jsonl`."""

    def __init__(self, recipe: Recipe, folder: Path, plan: Plan, options: Options | None = None) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.folder = recipe, folder
        self.options = options or Options()
        self.device = torch.device(self.options.device)
        self.model = GlmForTraining(recipe.config(), recipe.context, loss_rows=recipe.loss_rows)
        self.model.to(self.device)
        self.optimiser = Optimiser(self.model, recipe)
        self.average = WeightAverage(self.model, recipe.ema)
        self.schedule = Schedule(recipe, plan)
        self.progress = Progress()
        self.stop_asked = False
        self.save_asked = False
        self._began = time.monotonic()
        self._forward: Callable[..., Tensor] = self.model
        if self.options.compile_model:
            self._forward = torch.compile(self.model, fullgraph=True, dynamic=False)
        folder.mkdir(parents=True, exist_ok=True)
        self._metrics = Metrics(
            folder / "metrics.jsonl",
            self.schedule,
            flops=flops_per_token(
                self.model.config, sum(p.numel() for p in self.model.parameters()), recipe.context
            ),
            peak_flops=self.options.peak_flops,
        )

    def resume(self) -> bool:
        """Loads `checkpoint.pt`, or else `weights.pt`, when there is one.

        A checkpoint without the optimizers' state is warmed up again.
        """
        for name in ("checkpoint.pt", "weights.pt"):
            if (self.folder / name).exists():
                self._load(checkpoint.read(self.folder / name))
                return True
        return False

    def _load(self, state: checkpoint.State) -> None:
        self.model.load_state_dict(state["model"])
        self.progress = Progress.from_dict(state["progress"])
        if "muon" in state:
            self.optimiser.muon.load_state_dict(state["muon"])
            self.optimiser.adam.load_state_dict(state["adam"])
        else:
            self.progress.warm_from = self.progress.step
        if "ema" in state:
            self.average.load(state["ema"])
        else:
            self.progress.averaged = 0

    def state(self) -> checkpoint.State:
        """Everything a later run needs."""
        state: dict[str, Any] = {
            "model": self.model.state_dict(),
            "muon": self.optimiser.muon.state_dict(),
            "adam": self.optimiser.adam.state_dict(),
            "progress": self.progress.to_dict(),
            "recipe": self.recipe.name,
        }
        if self.average.weights:
            state["ema"] = self.average.weights
        return state

    def save(self) -> None:
        """Writes `checkpoint.pt` and `weights.pt`."""
        state = self.state()
        checkpoint.write(self.folder / "checkpoint.pt", state)
        checkpoint.write(self.folder / "weights.pt", checkpoint.weights_only(state))

    def decay_now(self, seconds: float) -> None:
        """Lets the learning rate begin to fall now and reach zero after so many more training seconds.

        A decay under way keeps its course.
        """
        if self.progress.decay_seconds is None:
            self.progress.decay_began, self.progress.decay_seconds = self.progress.seconds, seconds

    def accumulate(self, rows: list[Row]) -> Tensor:
        """Gradients of one step's rows; returns the weighted mean of the loss in nats, still on the device."""
        whole = total_weight(rows)
        total = torch.zeros((), device=self.device)
        for part in micro_batches(rows, self.recipe.micro_batch, self.device, self.options.attention):
            with torch.autocast(self.device.type, dtype=torch.bfloat16):
                loss = self._forward(*part.inputs, z_loss=self.recipe.z_loss) / whole
            loss.backward()
            total += loss.detach()
        return total

    def step(self, rows: list[Row]) -> Tensor:
        """One optimizer step; returns the loss as `accumulate` does."""
        total = self.accumulate(rows)
        self.optimiser.step(self.schedule.lr_scale(self.progress))
        self.progress.step += 1
        self.progress.rows += len(rows)
        self.progress.tokens += len(rows) * self.recipe.context
        if self.schedule.averaging(self.progress):
            self.average.update(self.progress.averaged)
            self.progress.averaged += 1
        return total

    def run(self, stream: Stream, held_out: HeldOut | None = None) -> None:
        """Trains until the plan is fulfilled, time is up or a stop is asked for; leaves a checkpoint either way."""
        loader = Loader(stream, self.progress.places, workers=self.options.workers)
        saved = scored = counted = time.monotonic()
        was_decaying = self.schedule.decaying(self.progress)
        if was_decaying:
            loader.set_decaying()
        self._metrics.restart()
        while not self._is_over():
            began = time.monotonic()
            if not was_decaying and self.schedule.decaying(self.progress):
                checkpoint.write(self.folder / "stable.pt", self.state())
                was_decaying = True
                loader.set_decaying()
            rows = loader.take(self.schedule.batch_rows(self.progress))
            waited = time.monotonic() - began
            loss = self.step(rows)
            self.progress.places = list(loader.places)
            self._metrics.add(loss, len(rows) * self.recipe.context, waited)
            # Everything since the last step, scoring and saving too: so the end comes when it was said to come.
            self.progress.seconds += time.monotonic() - counted
            counted = time.monotonic()
            if self.progress.step % self.options.log_every == 0:
                self._metrics.write(self.progress)
                self._obey()
            if held_out and time.monotonic() - scored > self.recipe.valid_every_s:
                self._score(held_out)
                scored = time.monotonic()
            if self.save_asked or time.monotonic() - saved > self.options.checkpoint_every_s:
                self.save()
                self.save_asked, saved = False, time.monotonic()
                self._metrics.restart()
        self._metrics.write(self.progress)
        self.save()
        if held_out:
            self._score(held_out)

    def _is_over(self) -> bool:
        limit = self.options.stop_after_s
        late = limit is not None and time.monotonic() - self._began > limit
        return self.stop_asked or late or self.schedule.done(self.progress) >= 1

    def _obey(self) -> None:
        """A number in the file `decay-now` of the run's folder is an order to end within so many seconds."""
        order = self.folder / "decay-now"
        try:
            seconds = float(order.read_text(encoding="utf-8").split()[0])
        except (OSError, ValueError, IndexError):
            return  # A shell makes the file before it writes the number: the next look finds it.
        if 0 < seconds < math.inf:
            self.decay_now(seconds)
            order.unlink(missing_ok=True)

    def _score(self, held_out: HeldOut) -> None:
        """Scores the averaged weights where there are any."""
        self._metrics.write(self.progress)
        began = time.monotonic()
        own = {name: p.detach().clone() for name, p in self.model.named_parameters()}
        if self.average.weights:
            self.model.load_state_dict(self.average.weights)
        scores = held_out.scores(self.model)
        self.model.load_state_dict(own)
        self._metrics.write_scores(self.progress, scores, time.monotonic() - began)

"""The trainer: rows in, checkpoints out; resumable, driven by a deadline, safe to stop with SIGTERM.

Progress is training seconds used over seconds planned (or steps over steps), across restarts, so a run that is cut
and resumed follows the same schedule: a short warm-up, constant, then linear to zero. The state just before the
decay is kept as `stable.pt`: a later run can go on from there.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from glm_lsp.errors import TrainingError
from glm_lsp.train.fim import ExampleMaker
from glm_lsp.train.model import GlmForTraining
from glm_lsp.train.recipe import Recipe, load_recipe
from glm_lsp.train.stream import Row, read_documents, rows_from

CHECKPOINT_EVERY_S = 240.0


@dataclass(slots=True)
class Progress:
    """How far a run has come; saved with every checkpoint."""

    step: int = 0
    rows: int = 0
    tokens: int = 0
    seconds: float = 0.0


@dataclass(slots=True, kw_only=True)
class Plan:
    """When a run ends: after `seconds` of training or `steps` steps, whichever is given."""

    seconds: float | None = None
    steps: int | None = None

    def fraction(self, progress: Progress) -> float:
        """0 at the start, 1 when the run is over."""
        parts = []
        if self.seconds is not None:
            parts.append(progress.seconds / self.seconds)
        if self.steps is not None:
            parts.append(progress.step / self.steps)
        return max(parts)


@dataclass(slots=True)
class Batch:
    """The micro-batches of one step."""

    token_ids: list[Tensor] = field(default_factory=list)
    targets: list[Tensor] = field(default_factory=list)
    weights: list[Tensor] = field(default_factory=list)
    positions: list[Tensor] = field(default_factory=list)
    masks: list[Tensor | None] = field(default_factory=list)

    @property
    def total_weight(self) -> float:
        """What the summed loss is divided by."""
        return float(sum(weights.sum() for weights in self.weights))


def attention_mask(segments: Tensor) -> Tensor:
    """[B, T] segment numbers -> [B, 1, T, T] bool: causal, and never across examples."""
    same = segments.unsqueeze(1) == segments.unsqueeze(2)
    return torch.tril(same).unsqueeze(1)


def make_batch(rows: list[Row], micro_batch: int) -> Batch:
    """Stacks rows into micro-batches of at most `micro_batch` rows."""
    batch = Batch()
    for at in range(0, len(rows), micro_batch):
        part = rows[at : at + micro_batch]
        batch.token_ids.append(torch.from_numpy(np.stack([r.token_ids for r in part])))
        batch.targets.append(torch.from_numpy(np.stack([r.targets for r in part])))
        batch.weights.append(torch.from_numpy(np.stack([r.weights for r in part])))
        batch.positions.append(torch.from_numpy(np.stack([r.positions for r in part])))
        batch.masks.append(attention_mask(torch.from_numpy(np.stack([r.segments for r in part]))))
    return batch


def parameter_groups(model: GlmForTraining) -> tuple[list[torch.nn.Parameter], list[torch.nn.Parameter]]:
    """(matrices for Muon, the rest for AdamW); the embedding, being the head too, belongs to the rest."""
    matrices: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        (matrices if parameter.ndim == 2 and "embed" not in name else rest).append(parameter)
    return matrices, rest


class Trainer:
    """One run in one folder: `checkpoint.pt`, `stable.pt`, `metrics.jsonl`."""

    def __init__(self, recipe: Recipe, folder: Path, plan: Plan, *, compile_model: bool = False) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.folder, self.plan = recipe, folder, plan
        self.model = GlmForTraining(recipe.config(), recipe.context)
        matrices, rest = parameter_groups(self.model)
        self.muon = torch.optim.Muon(
            matrices, lr=recipe.muon_lr, momentum=recipe.muon_momentum, weight_decay=recipe.muon_weight_decay
        )
        self.adam = torch.optim.AdamW(
            rest, lr=recipe.adam_lr, betas=recipe.adam_betas, weight_decay=0.0, eps=1e-10, fused=True
        )
        self.progress = Progress()
        self.stop_asked = False
        self._forward = torch.compile(self.model) if compile_model else self.model
        folder.mkdir(parents=True, exist_ok=True)

    def resume(self) -> bool:
        """Loads `checkpoint.pt` when there is one."""
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return False
        try:
            state = torch.load(path, weights_only=True, map_location="cpu")
        except Exception as error:
            raise TrainingError(f"the checkpoint {path} cannot be read: {error}") from error
        self.model.load_state_dict(state["model"])
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])
        self.progress = Progress(**state["progress"])
        return True

    def save(self, name: str = "checkpoint.pt") -> None:
        """Writes the whole state under a temporary name and renames it: a cut leaves the old one intact."""
        state = {
            "model": self.model.state_dict(),
            "muon": self.muon.state_dict(),
            "adam": self.adam.state_dict(),
            "progress": {
                "step": self.progress.step,
                "rows": self.progress.rows,
                "tokens": self.progress.tokens,
                "seconds": self.progress.seconds,
            },
            "recipe": self.recipe.name,
        }
        part = self.folder / f"{name}.part"
        torch.save(state, part)
        part.replace(self.folder / name)

    def lr_scale(self) -> float:
        """Warm-up, constant, linear to zero."""
        done = self.plan.fraction(self.progress)
        warm = min(1.0, (self.progress.step + 1) / self.recipe.warmup_steps)
        if done <= self.recipe.decay_from:
            return warm
        return warm * max(0.0, (1 - done) / (1 - self.recipe.decay_from))

    def batch_rows(self) -> int:
        """Rows of the next step."""
        done = self.plan.fraction(self.progress)
        tokens = max((pair for pair in self.recipe.batch_tokens if pair[0] <= done), key=lambda p: p[0])[1]
        return max(1, tokens // self.recipe.context)

    def step(self, rows: list[Row]) -> float:
        """One optimizer step; returns the weighted mean of the loss in nats."""
        scale = self.lr_scale()
        for optimizer, peak in ((self.muon, self.recipe.muon_lr), (self.adam, self.recipe.adam_lr)):
            for group in optimizer.param_groups:
                group["lr"] = peak * scale
        batch = make_batch(rows, self.recipe.micro_batch)
        whole = max(1.0, batch.total_weight)
        total = 0.0
        parts = zip(batch.token_ids, batch.targets, batch.weights, batch.positions, batch.masks, strict=True)
        for part in parts:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = self._forward(*part) / whole
            loss.backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.muon.step()
        self.adam.step()
        self.model.zero_grad(set_to_none=True)
        self.progress.step += 1
        self.progress.rows += len(rows)
        self.progress.tokens += len(rows) * self.recipe.context
        return total

    def run(self, rows: Iterator[Row]) -> None:
        """Trains until the plan is fulfilled or a stop is asked for; leaves a checkpoint either way."""
        saved = time.monotonic()
        stable = self.plan.fraction(self.progress) > self.recipe.decay_from
        while not self.stop_asked and self.plan.fraction(self.progress) < 1:
            began = time.monotonic()
            if not stable and self.plan.fraction(self.progress) > self.recipe.decay_from:
                self.save("stable.pt")
                stable = True
            loss = self.step(list(islice(rows, self.batch_rows())))
            if not math.isfinite(loss):
                raise TrainingError(f"the loss is {loss} at step {self.progress.step}")
            self.progress.seconds += time.monotonic() - began
            self._log(loss, time.monotonic() - began)
            if time.monotonic() - saved > CHECKPOINT_EVERY_S:
                self.save()
                saved = time.monotonic()
        self.save()

    def _log(self, loss: float, seconds: float) -> None:
        if self.progress.step % 10 and self.plan.steps is None:
            return
        line: dict[str, Any] = {
            "step": self.progress.step,
            "tokens": self.progress.tokens,
            "seconds": round(self.progress.seconds, 1),
            "loss": round(loss, 4),
            "lr_scale": round(self.lr_scale(), 4),
            "step_s": round(seconds, 3),
            "progress": round(self.plan.fraction(self.progress), 4),
        }
        with (self.folder / "metrics.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")


def main() -> None:
    """`python -m glm_lsp.train.trainer RECIPE CORPUS TOKENIZER FOLDER --deadline SECONDS`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("recipe", help="xs, smoke or a path to a .toml file")
    parser.add_argument("corpus", type=Path, help="train.jsonl")
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("folder", type=Path, help="where checkpoints and metrics go; resumed when they exist")
    parser.add_argument("--deadline", type=float, help="training seconds in all, restarts included")
    parser.add_argument("--steps", type=int, help="steps in all, instead of or besides --deadline")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--compile", action="store_true")
    args = parser.parse_args()
    if args.deadline is None and args.steps is None:
        parser.error("give --deadline or --steps")
    torch.set_num_threads(args.threads)
    recipe = load_recipe(args.recipe)
    trainer = Trainer(
        recipe, args.folder, Plan(seconds=args.deadline, steps=args.steps), compile_model=args.compile
    )
    trainer.resume()

    def ask_to_stop(*_: object) -> None:
        trainer.stop_asked = True

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    maker = ExampleMaker(Tokenizer.from_file(str(args.tokenizer)), recipe.context, recipe.mix)
    trainer.run(
        rows_from(
            read_documents(args.corpus),
            maker,
            context=recipe.context,
            seed=recipe.seed,
            skip=trainer.progress.rows,
        )
    )


if __name__ == "__main__":
    main()

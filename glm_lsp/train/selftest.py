"""Before a training run: does this machine compute what it should, by which attention, and how fast?

Prints one line of JSON for each way of computing, the plain one first, and at the end the options a run should use.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from glm_lsp.train.attention import AttentionKind
from glm_lsp.train.loop import Options, Trainer
from glm_lsp.train.recipe import Recipe, load_recipe
from glm_lsp.train.schedule import Plan
from glm_lsp.train.stream import Row

MOST_LOSS_DIFFERENCE = 5e-3
MOST_GRADIENT_DIFFERENCE = 5e-2
_WARM_STEPS = 2


@dataclass(frozen=True, slots=True)
class Way:
    """One way to compute."""

    attention: AttentionKind
    is_compiled: bool
    micro_batch: int

    @property
    def options(self) -> str:
        """As the trainer's options."""
        eager = "" if self.is_compiled else " --eager"
        return f"--attention {self.attention}{eager} --set micro_batch={self.micro_batch}"


def random_rows(recipe: Recipe, count: int) -> list[Row]:
    """Rows of random tokens in some segments of random lengths."""
    rng = np.random.default_rng(recipe.seed)
    context, vocabulary = recipe.context, recipe.config().vocab_size
    rows = []
    for _ in range(count):
        ids = rng.integers(64, vocabulary, context, dtype=np.int32)
        segments = np.sort(rng.integers(1, 5, context, dtype=np.int32))
        starts = np.searchsorted(segments, segments).astype(np.int32)
        positions = np.arange(context, dtype=np.int32) - starts
        rows.append(Row(ids, np.roll(ids, -1), np.ones(context, np.float32), positions, segments))
    return rows


def gradients(trainer: Trainer, rows: list[Row]) -> tuple[float, torch.Tensor]:
    """The loss of one step's rows and all gradients in one vector; the weights stay."""
    loss = float(trainer.accumulate(rows))
    found = torch.cat([p.grad.detach().flatten() for p in trainer.model.parameters()])
    trainer.model.zero_grad(set_to_none=True)
    return loss, found


def ways(device: str, recipe: Recipe) -> list[Way]:
    """The plain way, then others, the best first; with small micro-batches where memory may be short."""
    small, whole = max(1, recipe.micro_batch // 8), recipe.micro_batch
    if device != "cuda":
        return [Way("dense", False, whole), Way("dense", True, whole)]
    return [
        Way("dense", False, small),
        Way("flex", True, whole),
        Way("flex", True, small),
        Way("dense", True, small),
    ]


def measure(
    recipe: Recipe,
    folder: Path,
    options: Options,
    *,
    wanted: tuple[float, torch.Tensor] | None,
    steps: int,
    num_rows: int,
) -> tuple[dict[str, Any], tuple[float, torch.Tensor]]:
    """Differences to `wanted` (loss, gradients), and tokens per second over some steps."""
    trainer = Trainer(recipe, folder, Plan(steps=1000), options)
    generator = torch.Generator().manual_seed(recipe.seed)
    with torch.no_grad():
        for parameter in trainer.model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.05)
    rows = random_rows(recipe, num_rows)
    began = time.monotonic()
    found = gradients(trainer, rows)
    report: dict[str, Any] = {"first_step_s": round(time.monotonic() - began, 1), "loss": round(found[0], 5)}
    if wanted is not None:
        report["loss_difference"] = abs(found[0] - wanted[0]) / abs(wanted[0])
        report["gradient_difference"] = float((found[1] - wanted[1]).norm() / wanted[1].norm())
    whole = random_rows(recipe, trainer.schedule.batch_rows(trainer.progress))
    for _ in range(_WARM_STEPS):
        float(trainer.step(whole))
    began = time.monotonic()
    for loss in [trainer.step(whole) for _ in range(steps)]:
        float(loss)
    report["tok_s"] = round(steps * len(whole) * recipe.context / (time.monotonic() - began))
    if options.device == "cuda":
        report["memory_gb"] = round(torch.cuda.max_memory_allocated() / 1e9, 1)
    return report, found


def agrees(report: dict[str, Any]) -> bool:
    """Whether what was computed equals the plain way, as far as bf16 goes."""
    loss, gradient = report.get("loss_difference", 0.0), report.get("gradient_difference", 0.0)
    return bool(loss < MOST_LOSS_DIFFERENCE and gradient < MOST_GRADIENT_DIFFERENCE)


def main() -> None:
    """`python -m glm_lsp.train.selftest RECIPE FOLDER [--steps N] [--options-to FILE]`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("recipe")
    parser.add_argument("folder", type=Path, help="a scratch folder")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--eager", action="store_true", help="try the plain way only")
    parser.add_argument("--options-to", type=Path, help="where to write the options of the fastest way")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change the recipe")
    args = parser.parse_args()
    recipe = load_recipe(args.recipe, args.set)
    if args.device == "cuda":
        torch.set_float32_matmul_precision("high")
    wanted = None
    best = (0, "--attention dense --eager --set micro_batch=8")
    for way in ways(args.device, recipe)[: 1 if args.eager else None]:
        options = Options(device=args.device, attention=way.attention, compile_model=way.is_compiled)
        changed = replace(recipe, micro_batch=way.micro_batch)
        steps = args.steps if way.is_compiled else 2
        try:
            report, found = measure(
                changed, args.folder, options, wanted=wanted, steps=steps, num_rows=recipe.micro_batch
            )
        except Exception as error:  # whatever fails here must not fail in the run
            failure = f"{type(error).__name__}: {error}"[:500]
            print(json.dumps({"options": way.options, "error": failure}), flush=True)
            continue
        finally:
            torch.compiler.reset()
            if args.device == "cuda":
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats()
        wanted = wanted or found
        print(json.dumps({"options": way.options, **report, "agrees": agrees(report)}), flush=True)
        if agrees(report):
            best = max(best, (report["tok_s"], way.options))
            if args.options_to:  # at once, as this command may be cut short
                args.options_to.write_text(best[1] + "\n", encoding="utf-8")
            if way.is_compiled:
                break  # the next best need not be tried
    print(best[1])


if __name__ == "__main__":
    main()

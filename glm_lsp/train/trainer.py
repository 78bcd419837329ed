"""The command that trains: `python -m glm_lsp.train.trainer RECIPE CORPUS... TOKENIZER FOLDER`."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer

from glm_lsp.errors import GlmError
from glm_lsp.train.attention import AttentionKind
from glm_lsp.train.fim import ExampleMaker
from glm_lsp.train.heldout import HeldOut
from glm_lsp.train.loop import Options, Trainer
from glm_lsp.train.recipe import load_recipe
from glm_lsp.train.schedule import Plan
from glm_lsp.train.stream import Stream, read_documents

_MOST_WORKERS = 12


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", help="xs, s, m12, m16, smoke or a path to a .toml file")
    parser.add_argument(
        "corpus", type=Path, nargs="+", help="train.jsonl, train.jsonl.xz, or folders of them"
    )
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("folder", type=Path, help="where checkpoints and metrics go; resumed when they exist")
    when = parser.add_argument_group("when it ends")
    when.add_argument("--deadline", type=float, help="training seconds in all, restarts included")
    when.add_argument("--steps", type=int, help="steps in all, instead of or besides --deadline")
    when.add_argument("--hold", action="store_true", help="no decay yet: a later command ends the run")
    when.add_argument("--decay-now", type=float, metavar="SECONDS", help="begin to decay, end after so long")
    when.add_argument("--stop-after", type=float, metavar="SECONDS", help="end this command, not the run")
    how = parser.add_argument_group("how it is carried out")
    how.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    how.add_argument("--attention", choices=("auto", "dense", "flex"), default="auto")
    how.add_argument("--eager", action="store_true", help="do not compile")
    how.add_argument("--workers", type=int, help="processes that make examples; 0 on a CPU")
    how.add_argument("--threads", type=int, default=os.cpu_count())
    how.add_argument("--peak-tflops", type=float, help="of the device, to report the share that is used")
    how.add_argument(
        "--take-over", type=int, metavar="PID", help="end that trainer when ready, go on from there"
    )
    how.add_argument("--checkpoint-every", type=float, default=240.0, metavar="SECONDS")
    parser.add_argument("--valid", type=Path, help="valid.jsonl: held-out text to score now and then")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change the recipe")
    return parser


def device_named(name: str) -> str:
    """`auto` is a GPU where there is one."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name


def attention_named(name: str, device: str) -> AttentionKind:
    """`auto` is flex attention on a GPU and the dense mask elsewhere."""
    if name == "auto":
        return "flex" if device == "cuda" else "dense"
    return "flex" if name == "flex" else "dense"


def corpus_files(paths: list[Path]) -> list[Path]:
    """The files themselves, and those in folders."""
    files: list[Path] = []
    for path in paths:
        inside = sorted([*path.glob("*.jsonl"), *path.glob("*.jsonl.xz")]) if path.is_dir() else [path]
        files += inside
    return files


def take_over(pid: int, patience_s: float = 60.0) -> None:
    """Asks another trainer to stop, and waits until it has written its checkpoint and is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    give_up = time.monotonic() + patience_s
    while _is_alive(pid) and time.monotonic() < give_up:
        time.sleep(0.1)


def _is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return False
    return "\nState:\tZ" not in status


def train(args: argparse.Namespace) -> None:
    """Carries out one command."""
    recipe = load_recipe(args.recipe, args.set)
    device = device_named(args.device)
    torch.set_num_threads(args.threads)
    if device == "cuda":
        torch.set_float32_matmul_precision("high")
    # Worker processes are forked; they must not inherit the tokenizer's threads.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    tokenizer = Tokenizer.from_file(str(args.tokenizer))
    maker = ExampleMaker(tokenizer, recipe.context, recipe.mix)
    stream = Stream(
        read_documents(*corpus_files(args.corpus)), maker, context=recipe.context, seed=recipe.seed
    )
    held_out = None
    if args.valid:
        held_out = HeldOut(read_documents(args.valid), tokenizer, recipe, recipe.valid_bytes)
    workers = args.workers
    if workers is None:
        workers = min(_MOST_WORKERS, max(1, (os.cpu_count() or 2) - 2)) if device == "cuda" else 0
    options = Options(
        device=device,
        attention=attention_named(args.attention, device),
        compile_model=not args.eager,
        workers=workers,
        stop_after_s=args.stop_after,
        checkpoint_every_s=args.checkpoint_every,
        peak_flops=args.peak_tflops * 1e12 if args.peak_tflops else None,
    )
    trainer = Trainer(
        recipe, args.folder, Plan(seconds=args.deadline, steps=args.steps, hold=args.hold), options
    )
    if args.take_over:
        take_over(args.take_over)
    trainer.resume()
    if args.decay_now:
        trainer.decay_now(args.decay_now)

    def ask_to_stop(*_: object) -> None:
        trainer.stop_asked = True

    def ask_to_save(*_: object) -> None:
        trainer.save_asked = True

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, ask_to_save)
    trainer.run(stream, held_out)


def main() -> None:
    """Reads the command line and trains; what the user can mend is said in one line."""
    parser = arguments()
    args = parser.parse_args()
    if args.deadline is None and args.steps is None and args.decay_now is None and not args.hold:
        parser.error("say when the run ends: --deadline, --steps, --hold or --decay-now")
    try:
        train(args)
    except GlmError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()

"""`python -m glm_lsp.train.release`: release a model, check a released one, or tell more of it.

release CHECKPOINT TOKENIZER OUT --recipe xs --corpus CORPUS   measure, judge, write the model folder OUT
release check MODEL CORPUS                                     measure again and compare with the card
release card MODEL --evaluations FOLDER                        put further figures on the card
release confidence MODEL CORPUS                                fit anew how far it may be believed
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import msgspec

from glm_lsp.errors import GlmError, InputError
from glm_lsp.models.store import ModelFolder, ModelStore
from glm_lsp.train.arguments import positive
from glm_lsp.train.recipe import load_recipe
from glm_lsp.train.release.build import Plan, release
from glm_lsp.train.release.check import check
from glm_lsp.train.release.confidence import fit_confidence
from glm_lsp.train.release.measure import Sample
from glm_lsp.train.release.papers import rewrite_card

_REQUESTS = "cursors at which the model is asked, to see how far it may be believed"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0 when the model passed, 1 when not."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    commands = {"check": _check, "card": _card, "confidence": _confidence}
    try:
        if words and words[0] in commands:
            return commands[words[0]](words[1:])
        return _release(words)
    except GlmError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1


def _release(words: list[str]) -> int:
    usual = Sample()
    parser = _parser("release", "Exports, measures and judges a run; writes the model folder if it passes.")
    parser.add_argument("checkpoint", type=Path, help="the trainer's checkpoint.pt, or .safetensors weights")
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("out", type=Path, help="the model folder to write or replace")
    parser.add_argument("--corpus", type=Path, required=True, help="the folder the corpus build wrote")
    parser.add_argument("--recipe", default="xs")
    parser.add_argument("--name", default="starter")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "int8", "int4"))
    parser.add_argument("--accuracy-level", type=int, default=4, choices=(0, 1, 4))
    parser.add_argument("--healing", default="words", choices=("off", "words", "tokens"))
    parser.add_argument("--split", default="valid", choices=("valid", "test"))
    parser.add_argument(
        "--language", action="append", default=[], help="measure this language only; may be repeated"
    )
    parser.add_argument("--max-bytes", type=positive, default=usual.max_bytes, help="held-out text to score")
    parser.add_argument("--lines", type=positive, default=usual.lines, help="held-out lines to complete")
    parser.add_argument("--prompts", type=positive, default=usual.prompts, help="lines to compare with fp32")
    parser.add_argument("--requests", type=positive, default=usual.requests, help=_REQUESTS)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--hardware", default="not stated", help="what it was trained on, for the card")
    parser.add_argument("--training", type=Path, help="JSON object of further facts of the training")
    parser.add_argument("--notes", type=Path, help="Markdown paragraphs for the card")
    parser.add_argument("--evaluations", type=Path, help="folder of figures of `glm-lsp eval --json`")
    parser.add_argument("--keep", type=Path, help="new folder for the checkpoint and all exports")
    args = parser.parse_args(words)
    plan = Plan(
        run=args.checkpoint,
        tokenizer=args.tokenizer,
        out=args.out,
        recipe=load_recipe(args.recipe),
        corpus=args.corpus,
        name=args.name,
        precision=args.precision,
        accuracy_level=args.accuracy_level,
        healing=args.healing,
        sample=Sample(
            split=args.split,
            languages=tuple(args.language),
            max_bytes=args.max_bytes,
            lines=args.lines,
            prompts=args.prompts,
            requests=args.requests,
            seed=args.seed,
        ),
        hardware=args.hardware,
        training=_read_object(args.training) if args.training else {},
        notes=_read(args.notes) if args.notes else "",
        evaluations=args.evaluations,
        keep=args.keep,
    )
    model, metrics = release(plan, _say)
    summary = {
        "model": str(model.path),
        "precision": metrics.precision,
        "quality": msgspec.to_builtins(metrics.quality),
        "precisions": msgspec.to_builtins(metrics.precisions),
    }
    print(json.dumps(summary, indent=2))
    return 0


def _check(words: list[str]) -> int:
    parser = _parser("release check", "Measures a released model again and compares with its metrics.json.")
    parser.add_argument("model", help="a model's name or folder")
    parser.add_argument("corpus", type=Path, help="the folder of the corpus it was released with")
    parser.add_argument("--reference", type=Path, help="its fp32 export, to measure agreement too")
    parser.add_argument("--evaluations", type=Path, help="folder of new figures of `glm-lsp eval --json`")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(words)
    found = check(
        ModelStore().resolve(args.model),
        args.corpus,
        reference=ModelFolder.load(args.reference) if args.reference else None,
        evaluations=args.evaluations,
        say=_say,
    )
    holds = all(one.holds for one in found)
    if args.json:
        print(json.dumps({"holds": holds, "figures": [asdict(one) | {"holds": one.holds} for one in found]}))
    else:
        for one in found:
            mark = "ok " if one.holds else "NOT"
            print(f"{mark} {one.name:<55} {one.stated:>12g} {one.found:>12g} +-{one.tolerance:g}")
        print("the card holds" if holds else "the card does not hold")
    return 0 if holds else 1


def _card(words: list[str]) -> int:
    parser = _parser("release card", "Writes a released model's metrics.json, card and manifest anew.")
    parser.add_argument("model", help="a model's name or folder")
    parser.add_argument("--evaluations", type=Path, help="folder of figures of `glm-lsp eval --json` to add")
    parser.add_argument("--notes", type=Path, help="Markdown paragraphs in place of the old ones")
    args = parser.parse_args(words)
    rewrite_card(
        ModelStore().resolve(args.model).path, args.evaluations, _read(args.notes) if args.notes else None
    )
    return 0


def _confidence(words: list[str]) -> int:
    usual = Sample()
    description = "Fits the confidence of a released model; writes metrics.json, card and manifest anew."
    parser = _parser("release confidence", description)
    parser.add_argument("model", help="a model's name or folder")
    parser.add_argument("corpus", type=Path, help="the folder the corpus build wrote")
    parser.add_argument("--split", default=usual.split, choices=("valid", "test"), help="to measure on")
    parser.add_argument("--language", action="append", default=[], help="this one only; may be repeated")
    parser.add_argument("--requests", type=positive, default=usual.requests, help=_REQUESTS)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--threads", type=positive)
    args = parser.parse_args(words)
    model = ModelStore().resolve(args.model)
    sample = Sample(split=args.split, languages=tuple(args.language), requests=args.requests, seed=args.seed)
    found = fit_confidence(model, args.corpus, sample, threads=args.threads)
    rewrite_card(model.path, confidence=found)
    print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    return 0


def _parser(name: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"python -m glm_lsp.train.{name}", description=description)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error


def _read_object(path: Path) -> dict[str, object]:
    try:
        value = json.loads(_read(path))
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"{path} is not a JSON object")
    return value


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""Scores on held-out text while training: bits per byte left to right, and of middles."""

from __future__ import annotations

import argparse
import json
import math
import random
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

from glm_lsp.train import checkpoint
from glm_lsp.train.batch import micro_batches
from glm_lsp.train.example import Document, Example
from glm_lsp.train.fim import ExampleMaker
from glm_lsp.train.model import GlmForTraining
from glm_lsp.train.recipe import Recipe, load_recipe
from glm_lsp.train.stream import Row, pack, read_documents

_ROWS = 8


@dataclass(frozen=True, slots=True)
class _Task:
    name: str
    rows: list[Row]
    num_bytes: int


class HeldOut:
    """A fixed slice of held-out documents: about `max_bytes` of every k-th."""

    def __init__(
        self, documents: list[Document], tokenizer: Tokenizer, recipe: Recipe, max_bytes: int
    ) -> None:
        step = max(1, round(sum(len(d.text) for d in documents) / max(1, max_bytes)))
        slice_ = documents[::step]
        whole = replace(
            recipe.mix, drop_path=0.0, drop_language=0.0, drop_suffix=0.0, references=0.0, short=0.0
        )
        self._tasks = []
        for name, infill in (("bpb", 0.0), ("bpb_middle", 1.0)):
            maker = ExampleMaker(tokenizer, recipe.context, replace(whole, infill=infill))
            made = [
                _scored(example, maker, middle=infill > 0)
                for number, document in enumerate(slice_)
                for example in maker.examples(document, random.Random(number))
            ]
            num_bytes = sum(count for _, count in made)
            rows = list(pack((example for example, _ in made), recipe.context))
            self._tasks.append(_Task(name, rows, num_bytes))

    def scores(self, model: GlmForTraining) -> dict[str, float]:
        """Bits per UTF-8 byte by task. End tokens are not counted."""
        device = next(model.parameters()).device
        result = {}
        for task in self._tasks:
            nats = 0.0
            for part in micro_batches(task.rows, _ROWS, device, "dense"):
                with torch.no_grad(), torch.autocast(device.type, dtype=torch.bfloat16):
                    nats += float(model(*part.inputs, z_loss=0.0))
            result[task.name] = round(nats / math.log(2) / max(1, task.num_bytes), 4)
        return result


def _scored(example: Example, maker: ExampleMaker, *, middle: bool) -> tuple[Example, int]:
    """The example with weight 1 on what is scored (all text, or the middle), and the bytes of that."""
    heavy = max(example.weights)
    counts = [
        weight > 0 and token_id != maker.end and (not middle or weight == heavy > 1)
        for token_id, weight in zip(example.token_ids, example.weights, strict=True)
    ]
    # Targets begin at the second token of an example.
    counts[0] = False
    ids = [token_id for token_id, counted in zip(example.token_ids, counts, strict=True) if counted]
    scored = Example(example.token_ids, [float(counted) for counted in counts])
    return scored, len(maker.decode(ids).encode())


def main() -> None:
    """`python -m glm_lsp.train.heldout RECIPE CHECKPOINT TOKENIZER VALID.jsonl [--max-bytes N]`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("recipe")
    parser.add_argument("checkpoint", type=Path, help="checkpoint.pt or weights.pt of a run")
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("valid", type=Path)
    parser.add_argument("--max-bytes", type=int, default=1_000_000)
    args = parser.parse_args()
    recipe = load_recipe(args.recipe)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = GlmForTraining(recipe.config(), recipe.context).to(device)
    state = checkpoint.read(args.checkpoint)
    model.load_state_dict(state.get("ema") or state["model"])
    tokenizer = Tokenizer.from_file(str(args.tokenizer))
    held_out = HeldOut(read_documents(args.valid), tokenizer, recipe, args.max_bytes)
    print(json.dumps({"step": state["progress"]["step"], **held_out.scores(model)}))


if __name__ == "__main__":
    main()

"""The worker's side of a comparison: one line of JSON in, one out; see `glm_lsp/bench/contestant.py`.

A worker runs in its peer's own environment and imports nothing of this project.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path


def arguments() -> argparse.Namespace:
    """`checkpoint` (config.json, model.safetensors in fp32, tokenizer.json), `room` (an empty folder for what the
    worker makes of it), `threads`, `capacity` (the longest prompt with its answer) and `variant`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("room", type=Path)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--capacity", type=int, required=True)
    parser.add_argument("--variant", default="")
    return parser.parse_args()


def serve(about: dict[str, object], answer: Callable[[list[int], int], list[int]]) -> None:
    """Tells who it is, then answers until stdin ends."""
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    print(json.dumps(about), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(
            json.dumps({"tokens": answer(request["prompt"], request["num_tokens"])}), file=answers, flush=True
        )


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """How many first ids are the same."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))

"""Models of a published shape with random weights: latencies and memory are real, answers are nonsense.

    python -m glm_lsp.bench.shapes 6b|9b|tiny OUT [--precision int4] [--activations fp16] [--capacity 16640]

The tokenizer is the starter's, with ids added up to the shape's vocabulary, so that the server serves such a model as
it does any other.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from glm_lsp.bench.random_weights import OneLayer, RandomWeights
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.graph_options import GraphOptions
from glm_lsp.models.journal import Journal
from glm_lsp.models.manifest import Source
from glm_lsp.models.model_writer import ModelFacts, ModelParts, seal, write_parts
from glm_lsp.models.precision import ACTIVATIONS, PRECISIONS, Activations, Precision
from glm_lsp.models.staging import require_place, written_aside
from glm_lsp.models.store import ModelFolder, ModelStore

CAPACITY = 16640
"""Holds a prompt of 16,384 tokens and its answer."""

_GLM = GlmConfig(eos_token_ids=(0,), pad_token_id=6)

SHAPES: dict[str, GlmConfig] = {
    # ChatGLM3-6B, and CodeGeeX2-6B but for the context.
    "6b": replace(_GLM, vocab_size=65024, num_hidden_layers=28, rms_norm_eps=1e-5),
    # GLM-4-9B, and CodeGeeX4-ALL-9B but for the base of its rotation.
    "9b": replace(_GLM, vocab_size=151552, num_hidden_layers=40),
    "tiny": replace(
        _GLM,
        vocab_size=8256,
        hidden_size=64,
        intermediate_size=192,
        num_hidden_layers=3,
        num_attention_heads=4,
        head_dim=32,
    ),
}
"""By name; end tokens are those of the starter's tokenizer."""


def write_shape(
    shape: str,
    out: Path,
    *,
    precision: Precision = "int4",
    activations: Activations = "fp16",
    capacity: int = CAPACITY,
    distinct: bool = False,
    replaces: bool = False,
) -> ModelFolder:
    """Writes the model folder `out` and returns it.

    Args:
        shape: a name of `SHAPES`.
        capacity: most tokens of prompt and answer together.
        distinct: every layer gets bytes of its own in the file, for figures on a CPU; see `OneLayer`.
        replaces: an existing folder gives way.

    Raises:
        InputError: `out` exists already.
        ArchitectureError: precision and activations do not go together.
        StorageError: it cannot be written; nothing is left behind.
    """
    require_place(out, replaces=replaces)
    config = SHAPES[shape]
    starter = ModelStore().resolve()
    tokenizer = json.loads(starter.tokenizer_path.read_text(encoding="utf-8"))
    weights = RandomWeights(config)
    parts = ModelParts(
        checkpoint=weights, tokenizer=json.dumps(padded(tokenizer, config.vocab_size)).encode()
    )
    options = GraphOptions(precision=precision, activations=activations, capacity=capacity)
    facts = ModelFacts(
        name=f"{shape}-{precision}",
        prompt_profile=starter.manifest.prompt_profile,
        source=Source(sha256="0" * 64, description=f"random weights in the shape {shape}"),
        healing=starter.manifest.healing,
        copying=starter.manifest.copying,
    )
    with written_aside(out) as folder, tempfile.TemporaryDirectory() as room:
        with (Journal if distinct else OneLayer)(Path(room) / "journal", {}) as journal:
            write_parts(folder, parts, options, facts.source, journal=journal)
        seal(folder, parts, options, facts)
    return ModelFolder.load(out)


def padded(tokenizer: dict[str, Any], vocab_size: int) -> dict[str, Any]:
    """A BPE `tokenizer.json` with made-up words as its last ids, until it has `vocab_size`.

    No merge leads to them, so no text is cut into them; what a random model writes can be decoded all the same.
    """
    vocabulary = dict(tokenizer["model"]["vocab"])
    taken = {*vocabulary, *(token["content"] for token in tokenizer["added_tokens"])}
    free = max(vocabulary.values()) + 1
    words = (word for number in count() if (word := _word(number)) not in taken)
    vocabulary |= {next(words): token_id for token_id in range(free, vocab_size)}
    return {**tokenizer, "model": {**tokenizer["model"], "vocab": vocabulary}}


def _word(number: int) -> str:
    """A blank and at least three letters, another word for each number."""
    letters = ""
    while number or len(letters) < 3:
        number, rest = divmod(number, 26)
        letters += chr(ord("a") + rest)
    return f"Ġ{letters}"


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module; returns the exit status."""
    parser = argparse.ArgumentParser(description="Write a model of a known shape with random weights.")
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("out", type=Path)
    parser.add_argument("--precision", choices=PRECISIONS, default="int4")
    parser.add_argument("--activations", choices=ACTIVATIONS, default="fp16", help="fp32 for a CPU")
    parser.add_argument("--capacity", type=int, default=CAPACITY)
    parser.add_argument("--distinct", action="store_true", help="keep every layer apart in the file")
    parser.add_argument("--replace", action="store_true", help="an existing folder gives way")
    options = parser.parse_args(arguments)
    folder = write_shape(
        options.shape,
        options.out,
        precision=options.precision,
        activations=options.activations,
        capacity=options.capacity,
        distinct=options.distinct,
        replaces=options.replace,
    )
    print(folder.path)
    return 0


if __name__ == "__main__":
    sys.exit(main())

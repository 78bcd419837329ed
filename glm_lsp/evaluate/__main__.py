"""`python -m glm_lsp.evaluate MODEL CORPUS.jsonl`: bits per byte and held-out lines of one model, as JSON."""

from __future__ import annotations

import argparse
import json
import lzma
import sys
from pathlib import Path

from glm_lsp.engine.engine import Engine
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.evaluate import bits_per_byte, lines
from glm_lsp.models.store import ModelStore


def main() -> None:
    """Parses the arguments, measures, prints one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m glm_lsp.evaluate", description=__doc__)
    parser.add_argument("model", help="a model's name or folder")
    parser.add_argument("corpus", type=Path, help="valid.jsonl or test.jsonl of the corpus")
    parser.add_argument("--max-bytes", type=int, default=1_000_000, help="held-out text to score")
    parser.add_argument("--lines", type=int, default=500, help="cursors to complete")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    folder = ModelStore().resolve(args.model)
    files = bits_per_byte.held_out_files(args.corpus, args.max_bytes)
    text = "".join(text for _, _, text in files).encode()

    def progress(done: int, total: int) -> None:
        print(f"\r{done / total:6.1%}", end="", file=sys.stderr, flush=True)

    session = OnnxSession.open(folder)
    manifest = folder.manifest
    tokenizer = SourceTokenizer.open(folder.tokenizer_path)
    bits = bits_per_byte.measure(
        session, tokenizer, manifest.prompt_profile, manifest.context_length, files, progress=progress
    )
    tasks = lines.draw_tasks(files, args.lines, args.seed)
    with Engine.load(folder) as engine:
        scores = {
            name: lines.measure(engine, tasks, with_suffix=with_suffix, progress=progress)
            for name, with_suffix in (("with_suffix", True), ("left_only", False))
        }
    print(file=sys.stderr)
    report = {
        "model": manifest.name,
        "precision": manifest.precision,
        "corpus": args.corpus.name,
        "bytes": bits.num_bytes,
        "files": len(files),
        "bits_per_byte": round(bits.value, 4),
        "token_perplexity": round(bits.perplexity, 3),
        "xz_bits_per_byte": round(
            8 * len(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME)) / len(text), 4
        ),
        "lines": {
            name: {
                "exact_match": round(score.exact_match, 4),
                "edit_similarity": round(score.edit_similarity, 4),
                "tasks": score.num_tasks,
            }
            for name, score in scores.items()
        },
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()

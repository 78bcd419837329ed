"""`python -m glm_lsp.bench.trace build`: draws a keystroke trace and stores it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from glm_lsp import terminal
from glm_lsp.bench.trace.draw import NUM_KEYS, draw_trace
from glm_lsp.bench.trace.material import MOST_FILES, choose_files
from glm_lsp.bench.trace.trace import store_trace


def main(arguments: list[str]) -> int:
    """Runs the command of these arguments; returns the exit status."""
    return terminal.run(_build, arguments)


def _build(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    files, description = choose_files(options.files, options.package, limit=options.limit, seed=options.seed)
    description = options.description or description
    trace = draw_trace(files, seed=options.seed, description=description, keys=options.keys)
    size = store_trace(trace, options.out)
    terminal.print_json({**trace.about(), "seconds": round(trace.duration_s), "bytes": size})
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m glm_lsp.bench.trace", description=__doc__)
    build = parser.add_subparsers(required=True).add_parser("build", help="draw a trace and store it")
    build.add_argument("--out", type=Path, required=True, help="the file to write, packed with xz")
    build.add_argument("--files", type=Path, nargs="+", default=[], help="source files and folders")
    build.add_argument("--package", action="append", default=[], metavar="NAME==VERSION", help="its modules")
    build.add_argument("--limit", type=_count, default=MOST_FILES, help="most files, at random")
    build.add_argument(
        "--keys", type=_count, default=NUM_KEYS, help="about so many, when no suggestion is taken"
    )
    build.add_argument("--seed", type=_count, default=1)
    build.add_argument("--description", default="", help="where the files come from, in words")
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

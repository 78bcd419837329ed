"""`python -m glm_lsp.train.corpus --cache DIR --out DIR`: fetches the pinned packages, builds the corpus."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from glm_lsp.errors import GlmError
from glm_lsp.train.corpus.build import build
from glm_lsp.train.corpus.pins import packaged_pins
from glm_lsp.train.corpus.selection import PACKAGE_CAP


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m glm_lsp.train.corpus", description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder of downloaded archives")
    parser.add_argument("--out", type=Path, required=True, help="folder the corpus is written to")
    parser.add_argument(
        "--package-cap", type=int, default=PACKAGE_CAP, help="bytes kept of one package (%(default)s)"
    )
    parser.add_argument("--without-cpython", action="store_true", help="leave the standard library out")
    options = parser.parse_args(arguments)
    try:
        pins = packaged_pins()
        if options.without_cpython:
            pins = replace(pins, library=None)
        report = build(pins, options.cache, options.out, cap=options.package_cap)
    except GlmError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{report.read_files} files read; see {options.out / 'report.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

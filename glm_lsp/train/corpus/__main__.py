"""`python -m glm_lsp.train.corpus build|report|pack|unpack`: the corpus, its figures, its way to a machine."""

from __future__ import annotations

import argparse
import math
import os
import sys
from dataclasses import replace
from pathlib import Path

from glm_lsp import paths
from glm_lsp.errors import GlmError, InputError
from glm_lsp.train.arguments import positive
from glm_lsp.train.corpus.pins import REGISTRIES, packaged_pins
from glm_lsp.train.corpus.selection import OTHER_CAP, PACKAGE_CAP, Caps

COMMANDS = ("build", "report", "pack", "unpack")


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit status: 2 when it was used wrongly, 1 when it failed."""
    given = sys.argv[1:] if arguments is None else arguments
    if given and given[0].startswith("--") and given[0] != "--help":
        given = ["build", *given]  # options alone mean the command that everything begins with
    options = _parser().parse_args(given)
    try:
        {"build": _build, "report": _report, "pack": _pack, "unpack": _unpack}[options.command](options)
    except GlmError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    except (
        BrokenPipeError
    ):  # `report | head`: nobody reads on, and the interpreter's last flush must not fail
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m glm_lsp.train.corpus", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    home = paths.cache_dir()

    build = commands.add_parser("build", help="fetch the pinned packages, filter and split them")
    build.add_argument("--cache", type=Path, default=home / "corpus-archives", help="downloads (%(default)s)")
    build.add_argument("--out", type=Path, default=home / "corpus", help="the corpus (%(default)s)")
    build.add_argument(
        "--package-cap", type=int, default=PACKAGE_CAP, help="bytes kept of a Python package (%(default)s)"
    )
    build.add_argument(
        "--other-cap", type=int, default=OTHER_CAP, help="and of one in other languages (%(default)s)"
    )
    build.add_argument(
        "--without",
        action="append",
        default=[],
        choices=["cpython", *(name for name in REGISTRIES if name != "pypi")],
        help="leave the standard library or a registry's packages out; may be given several times",
    )
    build.add_argument("--jobs", type=positive, default=2, help="processes (%(default)s)")

    report = commands.add_parser("report", help="figures per language, decontamination, licences")
    report.add_argument(
        "--out",
        type=Path,
        help="a built corpus (where `build` puts it; if there is none, the shipped model's)",
    )

    pack = commands.add_parser("pack", help="write a split as compressed parts of limited size")
    pack.add_argument("corpus", type=Path, help="train.jsonl")
    pack.add_argument("parts", type=Path, help="folder the parts are written to")
    pack.add_argument("--max-mb", type=_megabytes, default=55.0, help="of a compressed part (%(default)s)")
    pack.add_argument("--jobs", type=positive, default=2, help="parts compressed at a time (%(default)s)")

    unpack = commands.add_parser("unpack", help="put a packed split together again")
    unpack.add_argument("parts", type=Path, help="folder of the parts")
    unpack.add_argument("corpus", type=Path, help="train.jsonl, written anew")
    unpack.add_argument(
        "--part", type=int, action="append", help="only this part, from 1 on; may be repeated"
    )
    return parser


def _megabytes(word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not 1e-6 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{word} is not a size of a byte or more")
    return number


def _build(options: argparse.Namespace) -> None:
    from glm_lsp.train.corpus.build import build  # noqa: PLC0415  datasketch is not always there
    from glm_lsp.train.corpus.summary import of_report  # noqa: PLC0415

    pins = packaged_pins()
    left_out = set(options.without)
    pins = replace(
        pins,
        library=None if "cpython" in left_out else pins.library,
        packages=tuple(pin for pin in pins.packages if pin.registry not in left_out),
    )
    caps = Caps(options.package_cap, options.other_cap)
    build(pins, options.cache, options.out, caps=caps, jobs=options.jobs)
    print("\n".join(of_report(options.out)))


def _report(options: argparse.Namespace) -> None:
    from glm_lsp.train.corpus.summary import REPORT_FILE, licences, of_report, of_starter  # noqa: PLC0415

    corpus = options.out or paths.cache_dir() / "corpus"
    if (corpus / REPORT_FILE).is_file():
        print("\n".join([*of_report(corpus), "", *licences(corpus)]))
    elif options.out:
        raise InputError(
            f"no corpus in {corpus}: it has no {REPORT_FILE}",
            "Name the folder a corpus was built to, or leave --out away.",
        )
    else:
        print(f"no corpus in {corpus}; this is what the shipped model was trained on\n")
        print("\n".join(of_starter()))


def _pack(options: argparse.Namespace) -> None:
    from glm_lsp.train.corpus.pack import pack  # noqa: PLC0415

    for part in pack(options.corpus, options.parts, int(options.max_mb * 1_000_000), jobs=options.jobs):
        print(f"{part.sha256}  {part.name}  {part.size / 1e6:.1f} MB, {part.documents} files")


def _unpack(options: argparse.Namespace) -> None:
    from glm_lsp.train.corpus.pack import unpack  # noqa: PLC0415

    documents = unpack(options.parts, options.corpus, options.part)
    print(f"{documents} files in {options.corpus}")


if __name__ == "__main__":
    sys.exit(main())

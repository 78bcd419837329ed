"""What a build, or the shipped model's manifest, says about a corpus: lines to print."""

from __future__ import annotations

import json
import lzma
from collections import defaultdict
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Generic, TypedDict, TypeVar

import msgspec

from glm_lsp.errors import TrainingError
from glm_lsp.train.corpus.decontaminate import MAX_HITS
from glm_lsp.train.corpus.languages import GROUPS, language_of_path
from glm_lsp.train.corpus.pins import SPLITS

Value = TypeVar("Value")

REPORT_FILE = "report.json"


class _Counts(TypedDict):
    files: int
    bytes: int


class _Totals(_Counts):
    packages: int


class _Package(_Counts):
    version: str
    licences: list[str]


class _Decontamination(TypedDict):
    files_by_hits: dict[str, int]
    dropped: list[str]


class _OfSplits(TypedDict, Generic[Value]):
    train: Value
    valid: Value
    test: Value


class _Table(TypedDict):
    """What is used of report.json."""

    splits: _OfSplits[_Totals]
    groups: _OfSplits[dict[str, _Totals]]
    packages: _OfSplits[dict[str, _Package]]
    read: _Counts
    dropped: dict[str, _Counts]
    denied_packages: dict[str, str]
    decontamination: _Decontamination


def of_report(corpus: Path) -> Iterator[str]:
    """Figures per split and group of languages, what was dropped, and the decontamination's count.

    Raises:
        TrainingError: `corpus` holds no readable report.json, or one that is not whole.
    """
    table = _table(corpus)
    whole = table["splits"]["train"]["bytes"]
    yield _row("split", "language", "packages", "files", "MB", "share of training")
    for split in SPLITS:
        for group, totals in table["groups"][split].items():
            share = f"{totals['bytes'] / whole:.1%}" if split == "train" and whole else ""
            yield _row(split, group, *_figures(totals), share)
        yield _row(split, "all", *_figures(table["splits"][split]), "")
    yield ""
    yield f"read: {table['read']['files']} files, {table['read']['bytes'] / 1e6:.1f} MB; dropped of them:"
    for reason, counts in sorted(table["dropped"].items(), key=lambda pair: -pair[1]["bytes"]):
        yield f"  {reason:<18}{counts['files']:>8} files{counts['bytes'] / 1e6:>9.2f} MB"
    yield f"licence gate turned away: {', '.join(table['denied_packages']) or 'no package'}"
    yield ""
    found = table["decontamination"]
    with_hits = {hits: count for hits, count in found["files_by_hits"].items() if hits != "0"}
    yield (
        f"decontamination: {sum(found['files_by_hits'].values())} training files compared, "
        f"{len(found['dropped'])} dropped for more than {MAX_HITS} hits; files by hits above 0: "
        f"{', '.join(f'{hits}: {count}' for hits, count in with_hits.items()) or 'none'}"
    )
    for name in found["dropped"]:
        yield f"  {name}"


def licences(corpus: Path) -> Iterator[str]:
    """Every package of a built corpus: split, version, files, bytes and licences."""
    packages = _table(corpus)["packages"]
    for split in SPLITS:
        for name, row in packages[split].items():
            size = f"{row['bytes'] / 1e6:.2f} MB"
            yield f"{split:<6}{name} {row['version']}  {size}  {'; '.join(row['licences'])}"


def of_starter() -> Iterator[str]:
    """Figures of the shipped model's manifest, and its packages' licences."""
    here = files("glm_lsp").joinpath("models", "starter")
    sizes: dict[tuple[str, str], list[int]] = defaultdict(list)
    packages: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in lzma.decompress(here.joinpath("corpus-manifest.jsonl.xz").read_bytes()).splitlines():
        row = json.loads(line)
        group = GROUPS.get(language_of_path(row["path"]) or "", "other")
        sizes[row["split"], group].append(row["bytes"])
        packages[row["split"], group].add(row["package"])
    yield _row("split", "language", "packages", "files", "MB", "")
    for (split, group), own in sorted(sizes.items(), key=lambda pair: SPLITS.index(pair[0][0])):
        count = len(packages[split, group])
        yield _row(split, group, *_figures({"packages": count, "files": len(own), "bytes": sum(own)}), "")
    yield ""
    yield from here.joinpath("NOTICE.txt").read_text(encoding="utf-8").splitlines()


def _table(corpus: Path) -> _Table:
    path = corpus / REPORT_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Table)
    except msgspec.ValidationError as error:
        raise TrainingError(
            f"{path} is not whole, or was written by an earlier version: {error}", "Build the corpus again."
        ) from error
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{path} cannot be read: {error}", "Name the folder a corpus was built to, or build one."
        ) from error


def _figures(totals: _Totals) -> tuple[str, str, str]:
    return str(totals["packages"]), str(totals["files"]), f"{totals['bytes'] / 1e6:.2f}"


def _row(split: str, language: str, *numbers: str) -> str:
    """One line of the table: packages, files, MB, share."""
    packages, files_, size, share = numbers
    return f"{split:<7}{language:<24}{packages:>9}{files_:>8}{size:>9}  {share}".rstrip()

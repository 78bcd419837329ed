"""The pinned packages and how they are split."""

from __future__ import annotations

import hashlib
import platform
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from glm_lsp.errors import TrainingError
from glm_lsp.train.corpus.reserved import is_reserved, reserved_groups

Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = ("train", "valid", "test")

CPYTHON = "cpython"


@dataclass(frozen=True, slots=True)
class Pin:
    """One package: normalised name, version, archive's file name and its sha256 in hexadecimal."""

    name: str
    version: str
    archive: str
    sha256: str


@dataclass(frozen=True, slots=True)
class LibraryPin:
    """The standard library: its Python version and `library_sha256` of its files."""

    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Pins:
    """Everything a corpus is made of.

    Attributes:
        packages: sorted by name.
        library: the standard library, or None to leave it out.
        held_out: split of each held-out package; all others are for training.
    """

    packages: tuple[Pin, ...]
    library: LibraryPin | None
    held_out: dict[str, Split]

    def split(self, package: str) -> Split:
        """The split a package belongs to, whole."""
        return self.held_out.get(package, "train")


def packaged_pins() -> Pins:
    """The pins of this version.

    Raises:
        TrainingError: they break a rule of `checked`.
    """
    here = files(__package__)
    return checked(
        parsed(
            here.joinpath("pins.toml").read_text(encoding="utf-8"),
            here.joinpath("splits.toml").read_text(encoding="utf-8"),
        )
    )


def parsed(pins: str, splits: str) -> Pins:
    """Pins from the texts of pins.toml and splits.toml."""
    table = tomllib.loads(pins)
    packages = [Pin(**row) for row in table.get("package", [])]
    held_out: dict[str, Split] = {}
    for split, names in tomllib.loads(splits).items():
        held_out.update(dict.fromkeys(names, split))
    library = LibraryPin(**table["cpython"]) if "cpython" in table else None
    return Pins(tuple(sorted(packages, key=lambda pin: pin.name)), library, held_out)


def checked(pins: Pins) -> Pins:
    """The pins themselves, once they are known to respect the reserved names.

    Raises:
        TrainingError: a name occurs twice, a reserved package is for training, or a held-out one is not
            from the list made for that.
    """
    names = [pin.name for pin in pins.packages]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TrainingError(f"pinned twice: {', '.join(twice)}", "Keep one pin of each package.")
    for_splits, _ = reserved_groups()
    wrong = [name for name in names if is_reserved(name) != (name in pins.held_out)]
    wrong += sorted(set(pins.held_out) - for_splits)
    if wrong:
        raise TrainingError(
            f"reserved packages pinned for the wrong purpose: {', '.join(wrong)}",
            "Only group 1 of reserved-packages.txt may be held out, and nothing in it trained on.",
        )
    return pins


def library_sha256(members: Iterable[tuple[str, bytes]]) -> str:
    """One sha256, in hexadecimal, over (path, content) pairs in the given order."""
    whole = hashlib.sha256()
    for path, content in members:
        whole.update(path.encode() + b"\0" + hashlib.sha256(content).digest())
    return whole.hexdigest()


def running_python() -> str:
    """The interpreter's version, "3.11.7"."""
    return platform.python_version()

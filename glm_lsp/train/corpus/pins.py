"""The pinned packages and how they are split."""

from __future__ import annotations

import hashlib
import platform
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from glm_lsp.errors import TrainingError
from glm_lsp.train.corpus.languages import JAVASCRIPT
from glm_lsp.train.corpus.reserved import is_reserved, reserved_groups

Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = ("train", "valid", "test")

CPYTHON = "cpython"

Registry = Literal["pypi", "npm", "debian"]
REGISTRIES: tuple[Registry, ...] = ("pypi", "npm", "debian")
LANGUAGES: dict[Registry, tuple[str, ...]] = {  # what is read of a package, where its pin does not say
    "pypi": ("python",),
    "npm": tuple(sorted(JAVASCRIPT)),
    "debian": (),
}


@dataclass(frozen=True, slots=True)
class Pin:
    """One package.

    Attributes:
        name: as its registry compares names.
        version: as the registry writes it.
        archive: the file's name.
        sha256: the file's, in hexadecimal.
        registry: where it comes from.
        languages: LSP language ids of the files that are read.
        cap: bytes kept of it, where that is not what is kept of every package.
    """

    name: str
    version: str
    archive: str
    sha256: str
    registry: Registry = "pypi"
    languages: tuple[str, ...] = LANGUAGES["pypi"]
    cap: int | None = None

    @property
    def key(self) -> str:
        """What the corpus calls the package: its name, behind its registry unless that is PyPI."""
        return self.name if self.registry == "pypi" else f"{self.registry}:{self.name}"


@dataclass(frozen=True, slots=True)
class LibraryPin:
    """The standard library: its Python version and `library_sha256` of its files."""

    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Pins:
    """Everything a corpus is made of.

    Attributes:
        packages: sorted by key.
        library: the standard library, or None to leave it out.
        held_out: split of each held-out package by key; all others are for training.
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
    texts: dict[Registry, str] = {
        registry: here.joinpath(f"pins-{registry}.toml").read_text(encoding="utf-8")
        for registry in REGISTRIES
    }
    return checked(parsed(texts, here.joinpath("splits.toml").read_text(encoding="utf-8")))


def parsed(pins: Mapping[Registry, str], splits: str) -> Pins:
    """Pins from the texts of each registry's pins-*.toml and of splits.toml."""
    packages: list[Pin] = []
    library = None
    for registry, text in pins.items():
        table = tomllib.loads(text)
        for row in table.get("package", []):
            languages = tuple(row.pop("languages", LANGUAGES[registry]))
            packages.append(Pin(**row, registry=registry, languages=languages))
        library = LibraryPin(**table["cpython"]) if "cpython" in table else library
    held_out: dict[str, Split] = {}
    for split in SPLITS:
        held_out.update(dict.fromkeys(tomllib.loads(splits).get(split, []), split))
    return Pins(tuple(sorted(packages, key=lambda pin: pin.key)), library, held_out)


def checked(pins: Pins) -> Pins:
    """The pins themselves, once they are known to respect the reserved names.

    Raises:
        TrainingError: a name occurs twice, a reserved package is for training, or a held-out one is not
            from the list made for that. Other registries' packages are held out by splits.toml alone.
    """
    keys = [pin.key for pin in pins.packages]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise TrainingError(f"pinned twice: {', '.join(twice)}", "Keep one pin of each package.")
    for_splits, _ = reserved_groups()
    python = [pin for pin in pins.packages if pin.registry == "pypi"]
    wrong = [pin.key for pin in python if is_reserved(pin.name) != (pin.key in pins.held_out)]
    wrong += sorted(key for key in pins.held_out if ":" not in key and key not in for_splits)
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

"""Fetches pinned archives once, into a cache the caller names, with each registry's own client.

Courtesy to the registries: fixed names, small batches, nothing that is already there, no listing of an index.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from glm_lsp.errors import TrainingError
from glm_lsp.train.corpus.pins import REGISTRIES, Pin, Registry

BATCH = 12  # packages per call of a client
TIMEOUT_S = 1800

# Wheels for one platform, whatever this machine is: the same pins give the same archives everywhere.
_PLATFORM = [
    *("--python-version", "3.11", "--implementation", "cp"),
    *("--abi", "cp311", "--abi", "abi3", "--abi", "none"),
    *("--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_27_x86_64"),
    *("--platform", "manylinux_2_24_x86_64", "--platform", "manylinux_2_17_x86_64"),
    *("--platform", "manylinux2014_x86_64", "--platform", "any"),
]
_CLIENTS = {"pypi": sys.executable, "npm": "npm", "debian": "apt-get"}


def fetch(pins: Sequence[Pin], cache: Path) -> dict[str, Path]:
    """The archives of all pins by package key; missing ones are downloaded.

    Raises:
        TrainingError: a client is missing, a batch failed (after all others were tried), or an archive is not
            the pinned one.
    """
    cache.mkdir(parents=True, exist_ok=True)
    failures: list[str] = []
    for registry in REGISTRIES:
        missing = [p for p in pins if p.registry == registry and not (cache / p.archive).is_file()]
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            failure = _downloaded(registry, batch, cache)
            if failure is not None:
                failures.append(f"{', '.join(pin.key for pin in batch)}: {failure}")
    if failures:
        raise TrainingError(
            f"could not fetch {'; '.join(failures)}",
            "Check the network and the settings of pip, npm and apt. What came is kept; --without REGISTRY "
            "leaves a registry out.",
        )
    return {pin.key: verified(pin, cache) for pin in pins}


def verified(pin: Pin, cache: Path) -> Path:
    """The pin's archive in the cache.

    Raises:
        TrainingError: it is missing or its sha256 differs.
    """
    archive = cache / pin.archive
    if not archive.is_file():
        raise TrainingError(f"{pin.archive} is not in {cache}", "Run the command with network access.")
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != pin.sha256:
        raise TrainingError(
            f"{archive} has sha256 {found}, pinned is {pin.sha256}",
            "Remove the file and run the command again; if it stays different, the pin is wrong.",
        )
    return archive


def _downloaded(registry: Registry, batch: Sequence[Pin], cache: Path) -> str | None:
    """Downloads the batch into the cache; what went wrong, or None."""
    client = shutil.which(_CLIENTS[registry])
    if client is None:
        return f"there is no {_CLIENTS[registry]} here"
    with ExitStack() as stack:
        arguments = {"pypi": _pip, "npm": _npm, "debian": _apt}[registry](batch, cache, stack)
        # The arguments are this package's own pins.
        result = subprocess.run(  # noqa: S603
            [client, *arguments], cwd=cache, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    return None if result.returncode == 0 else (result.stderr.strip().splitlines() or ["no message"])[-1]


def _pip(batch: Sequence[Pin], cache: Path, stack: ExitStack) -> list[str]:
    requirements = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "requirements.txt"
    lines = [f"{pin.name}=={pin.version} --hash=sha256:{pin.sha256}\n" for pin in batch]
    requirements.write_text("".join(lines), encoding="utf-8")
    return [
        *("-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"),
        *("--only-binary=:all:", *_PLATFORM, "--dest", str(cache.resolve()), "-r", str(requirements)),
    ]


def _npm(batch: Sequence[Pin], cache: Path, _: ExitStack) -> list[str]:
    specs = [f"{pin.name}@{pin.version}" for pin in batch]
    return ["pack", "--silent", "--ignore-scripts", "--pack-destination", str(cache.resolve()), *specs]


def _apt(batch: Sequence[Pin], _cache: Path, _: ExitStack) -> list[str]:
    """Into the working folder; a package for one architecture is asked for by that architecture."""
    specs = []
    for pin in batch:
        architecture = pin.archive.removesuffix(".deb").rsplit("_", 1)[-1]
        suffix = "" if architecture == "all" else f":{architecture}"
        specs.append(f"{pin.name}{suffix}={pin.version}")
    return ["--quiet", "download", *specs]

"""Fetches pinned archives once, into a cache the caller names.

Courtesy to the registry: fixed names, small batches, nothing that is already there, no listing of an index.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from glm_lsp.errors import TrainingError
from glm_lsp.train.corpus.pins import Pin

BATCH = 12  # packages per pip call
TIMEOUT_S = 900

# Wheels for one platform, whatever this machine is: the same pins give the same archives everywhere.
_PLATFORM = [
    *("--python-version", "3.11", "--implementation", "cp"),
    *("--abi", "cp311", "--abi", "abi3", "--abi", "none"),
    *("--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_27_x86_64"),
    *("--platform", "manylinux_2_24_x86_64", "--platform", "manylinux_2_17_x86_64"),
    *("--platform", "manylinux2014_x86_64", "--platform", "any"),
]


def fetch(pins: Sequence[Pin], cache: Path) -> dict[str, Path]:
    """The archives of all pins by package name; missing ones are downloaded with pip.

    Raises:
        TrainingError: pip failed, or an archive is not the pinned one.
    """
    cache.mkdir(parents=True, exist_ok=True)
    missing = [pin for pin in pins if not (cache / pin.archive).is_file()]
    for start in range(0, len(missing), BATCH):
        _download(missing[start : start + BATCH], cache)
    return {pin.name: verified(pin, cache) for pin in pins}


def verified(pin: Pin, cache: Path) -> Path:
    """The pin's archive in the cache.

    Raises:
        TrainingError: it is missing or its sha256 differs.
    """
    archive = cache / pin.archive
    if not archive.is_file():
        raise TrainingError(f"{pin.archive} is not in {cache}", "Run the command with network access.")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != pin.sha256:
        raise TrainingError(
            f"{archive} has sha256 {found}, pinned is {pin.sha256}",
            "Remove the file and run the command again; if it stays different, the pin is wrong.",
        )
    return archive


def _download(batch: Sequence[Pin], cache: Path) -> None:
    lines = [f"{pin.name}=={pin.version} --hash=sha256:{pin.sha256}\n" for pin in batch]
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text("".join(lines), encoding="utf-8")
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"),
            *("--only-binary=:all:", *_PLATFORM, "--dest", str(cache), "-r", str(requirements)),
        ]
        # The arguments are this package's own pins.
        result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)  # noqa: S603
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        names = ", ".join(pin.name for pin in batch)
        raise TrainingError(f"pip could not fetch {names}: {last}", "Check the network and pip's settings.")

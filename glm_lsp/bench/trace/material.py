"""Files to write in a trace: the program's own, the user's, or those of a published package."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import glm_lsp
from glm_lsp.bench.trace.draw import draw_trace
from glm_lsp.bench.trace.trace import Trace, load_trace, own_trace
from glm_lsp.errors import InputError
from glm_lsp.evaluate.held_out import HeldOutFile, held_out
from glm_lsp.paths import cache_dir, storage_error
from glm_lsp.source_file import MAX_SOURCE_BYTES, language_id

_PINNED = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)==([A-Za-z0-9][A-Za-z0-9.!+_-]*)")
MOST_FILES = 24
"""Of one trace: more would leave a few keys for each."""
_FETCH_S = 600
_LEAST_CHARS, _MOST_CHARS = 1_500, 30_000
_NO_SOURCE = frozenset(
    ["test", "tests", "testing", "docs", "doc", "examples", "benchmarks", "_vendor", "vendor"]
)
"""Folders that hold other things than a package's own code."""


def chosen_trace(paths: Sequence[Path], packages: Sequence[str], *, are_files: bool, seed: int) -> Trace:
    """The trace that a command names: a stored one, one drawn over files, or the program's own.

    Args:
        paths: one stored trace, or with `are_files` source files and folders.
        packages: NAME==VERSION each.
        seed: of a trace that is drawn.

    Raises:
        InputError: nothing usable was named.
        StorageError: the cache folder cannot be used.
    """
    if are_files and not paths:
        raise InputError("--files names no files", "Name source files or folders behind it.")
    if not paths and not packages:
        return own_trace()
    if paths and not are_files:
        if len(paths) > 1 or packages:
            raise InputError("a stored trace is one file, and all of it", "To type source files add --files.")
        return load_trace(paths[0])
    files, description = choose_files(paths, packages, limit=MOST_FILES, seed=seed)
    return draw_trace(files, seed=seed, description=description)


def choose_files(
    paths: Sequence[Path], packages: Sequence[str], *, limit: int, seed: int
) -> tuple[list[HeldOutFile], str]:
    """At most `limit` files at random, in a random order, and words that say where they come from.

    Files too short or too long to work in are only taken when there are no others.

    Args:
        paths: files and folders of the user.
        packages: NAME==VERSION each. Without any of both it is the program's own modules.
        limit: at least 1.
        seed: of the choice.

    Raises:
        InputError: something cannot be read or fetched, or there is nothing in it.
        StorageError: the cache folder cannot be used.
    """
    found: list[HeldOutFile] = []
    names = [*map(str, paths), *packages]
    if paths:
        found += held_out(paths, are_files=True).files
    for package in packages:
        found += package_files(package)
    if not names:
        found = held_out([], are_files=False).files
        names = [f"glm-lsp {glm_lsp.__version__}"]
    usual = [file for file in found if _is_usual(file)] or found
    chosen = random.Random(seed).sample(usual, min(limit, len(usual)))
    return chosen, f"{len(chosen)} files of {', '.join(names)}"


def package_files(requirement: str) -> list[HeldOutFile]:
    """The Python modules of a published package, without those that only test or explain it.

    Its wheel is fetched once with pip, from the index that pip is configured for, and kept in the cache folder.
    A wheel and not a source distribution: for that, pip would run the package's own build.

    Args:
        requirement: NAME==VERSION.

    Raises:
        InputError: not of this form, no such package, or nothing usable in it.
        StorageError: the cache folder cannot be used.
    """
    if not (match := _PINNED.fullmatch(requirement)):
        raise InputError(f"{requirement!r} does not name a package and its version", "Write NAME==VERSION.")
    name, version = match[1], match[2]
    archive = _fetched(name, version)
    try:
        files = _modules(archive)
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        archive.unlink(missing_ok=True)
        reason = f"the wheel of {requirement} cannot be read: {error}"
        raise InputError(reason, "Run the command again; if it repeats, name another version.") from error
    if not files:
        raise InputError(f"{requirement} has no Python modules", "Name another package.")
    return files


def _is_usual(file: HeldOutFile) -> bool:
    return _LEAST_CHARS <= len(file.text) <= _MOST_CHARS


def _fetched(name: str, version: str) -> Path:
    """The package's wheel in the cache, fetched if it is not there yet."""
    folder = cache_dir() / "packages"
    kept = folder / f"{name}-{version}.whl"
    if kept.exists():
        return kept
    with tempfile.TemporaryDirectory(prefix="glm-lsp-") as temporary:
        _download(f"{name}=={version}", Path(temporary))
        found = sorted(Path(temporary).glob("*.whl"))
        if not found:
            raise InputError(f"pip brought no wheel of {name}=={version}", "Name another version or package.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Copied beside it first: what lies under the final name is complete.
            partial = folder / f"{kept.name}.{os.getpid()}"
            shutil.copyfile(found[0], partial)
            partial.replace(kept)
        except OSError as error:
            raise storage_error(kept, error) from error
    return kept


def _download(requirement: str, folder: Path) -> None:
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"),
        *("--disable-pip-version-check", "--quiet", "--dest", str(folder), requirement),
    ]
    try:
        result = subprocess.run(  # noqa: S603  # the requirement matches a pattern without options in it
            command, capture_output=True, text=True, timeout=_FETCH_S, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{requirement} did not come within {_FETCH_S} s", "Check the network.") from error
    if result.returncode:
        lines = result.stderr.strip().splitlines()
        reasons = [line for line in lines if line.startswith("ERROR")] or lines or ["it said nothing"]
        reason = f"pip could not fetch {requirement}: {reasons[-1].removeprefix('ERROR: ').strip()[:300]}"
        raise InputError(reason, "Check name, version, network and pip's configuration.")


def _modules(archive: Path) -> list[HeldOutFile]:
    """Read out of the wheel, never unpacked."""
    found = []
    with zipfile.ZipFile(archive) as wheel:
        for member in wheel.infolist():
            path = PurePosixPath(member.filename)
            is_own = _NO_SOURCE.isdisjoint(path.parts[:-1])
            if path.suffix == ".py" and is_own and member.file_size <= MAX_SOURCE_BYTES:
                text = wheel.read(member).decode("utf-8-sig", "replace")
                found.append(HeldOutFile(str(path), language_id(Path(path)), text))
    return sorted(found)

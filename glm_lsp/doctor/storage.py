"""Folders, settings and the terminal: what the program reads and writes besides models."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile

from glm_lsp import config, paths
from glm_lsp.doctor.finding import Finding, ok, warn

LOW_SPACE_BYTES = 256 * 2**20
PROBE_BYTES = 4096


def cache_folder() -> Iterator[Finding]:
    """Writable, with room."""
    yield _folder(paths.cache_dir)


def runtime_folder() -> Iterator[Finding]:
    """Writable, and nobody else's."""
    yield _folder(paths.runtime_dir)


def log_folder() -> Iterator[Finding]:
    """Writable, with room."""
    yield _folder(paths.log_dir)


def models_folder() -> Iterator[Finding]:
    """Writable, with room."""
    yield _folder(paths.models_dir)


def settings() -> Iterator[Finding]:
    """That everything in the config file and the environment could be used."""
    configuration = config.load()
    for warning in configuration.warnings:
        yield warn(warning, f"Correct it; the file is {paths.config_file()}.")
    changed = sum(origin != "default" for origin in configuration.origins.values())
    file = paths.config_file()
    where = f"read from {file}" if file.is_file() else f"no file at {file}"
    yield ok(f"{where}; {changed} of {len(configuration.origins)} settings are not at their default")


def stdout_encoding() -> Iterator[Finding]:
    """Whether the terminal can show every completion."""
    encoding = (sys.stdout.encoding or "unknown").lower()
    if encoding.replace("-", "") == "utf8":
        yield ok(encoding)
    else:
        yield warn(f"{encoding} cannot show every character", "export PYTHONUTF8=1")


def _folder(folder: Callable[[], Path]) -> Finding:
    path = folder()
    _write_probe(path)
    free = shutil.disk_usage(path).free
    found = f"{path}, {free / 2**30:.1f} GiB free"
    if free < LOW_SPACE_BYTES:
        return warn(found, f"Free some space on the disk of {path}.")
    return ok(found)


def _write_probe(folder: Path) -> None:
    """Really writes: permissions can look right on a file system that is full or read-only."""
    try:
        with TemporaryFile(dir=folder) as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
    except OSError as error:
        raise paths.storage_error(folder, error) from error

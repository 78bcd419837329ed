"""Imports that were cut off: their hidden folders, which the same command goes on with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from glm_lsp.engine.process.lock import ProcessLock
from glm_lsp.errors import InputError, ModelError
from glm_lsp.importing.room import folder_bytes
from glm_lsp.models.manifest import WEIGHT_FILE
from glm_lsp.models.staging import put_in_place, require_place
from glm_lsp.paths import storage_error

JOURNAL_FILE = ".journal"

_PREFIX = ".import-"
_KEPT = (JOURNAL_FILE, WEIGHT_FILE)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An import that has not come to its end; `running` is the process that is at it, if there is one."""

    name: str
    path: Path
    bytes: int
    running: int | None


def unfinished_imports(models: Path) -> list[Unfinished]:
    """Those in the folder of models, by name."""
    if not models.is_dir():
        return []
    folders = sorted(path for path in models.glob(f"{_PREFIX}*") if path.is_dir())
    names = [path.name.removeprefix(_PREFIX) for path in folders]
    return [
        Unfinished(name, path, folder_bytes(path), _lock(models / name).holder())
        for name, path in zip(names, folders, strict=True)
    ]


def forget(models: Path, name: str) -> bool:
    """Deletes what is left of an import; False when there is nothing.

    Raises:
        InputError: it is still running.
        StorageError: it cannot be deleted.
    """
    folder = models / f"{_PREFIX}{name}"
    if not folder.is_dir():
        return False
    with _locked(models / name):
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise storage_error(folder, error) from error
    return True


@contextmanager
def resumable(target: Path, *, replaces: bool) -> Iterator[Path]:
    """A hidden folder that takes the target's place if the block succeeds, and stays if it is interrupted.

    Of an earlier run only the weights and their journal are still there. What is found to be wrong goes.

    Raises:
        InputError: the same import is running in another process, or has come to its end meanwhile.
        StorageFullError, StorageError: of the block or the move.
    """
    folder = target.parent / f"{_PREFIX}{target.name}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target):
            require_place(target, replaces=replaces)
            folder.mkdir(exist_ok=True)
            _tidy(folder)
            try:
                yield folder
            except ModelError:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            (folder / JOURNAL_FILE).unlink(missing_ok=True)
            put_in_place(folder, target)
    except OSError as error:
        raise storage_error(target, error) from error


def _lock(target: Path) -> ProcessLock:
    return ProcessLock(target.parent / f"{_PREFIX}{target.name}.lock")


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    lock = _lock(target)
    if not lock.acquire():
        raise InputError(
            f"{target.name} is being imported by process {lock.holder() or 'another'}",
            "Wait until it is done, or choose another name.",
        )
    try:
        yield
    finally:
        # Who waits for it notices that the file it got is no longer the one of this name.
        with suppress(OSError):
            lock.path.unlink()
        lock.release()


def _tidy(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in _KEPT:
            path.unlink()

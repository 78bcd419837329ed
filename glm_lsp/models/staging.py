"""A model folder appears under its name only when it is complete: it is written beside it first, in a hidden one."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glm_lsp.errors import InputError
from glm_lsp.models.manifest import MANIFEST_FILE
from glm_lsp.paths import storage_error


def require_place(target: Path, *, replaces: bool) -> None:
    """Refuses a name that is taken; also one that may be replaced, unless what is there is a model.

    Raises:
        InputError: there is something of that name.
    """
    if not os.path.lexists(target):
        return
    if not (target / MANIFEST_FILE).is_file():
        raise InputError(
            f"{target} exists and is not a model of this program, so it is left alone", "Choose another name."
        )
    if not replaces:
        raise InputError(f"{target} exists already", "Choose another name, or remove the old model first.")


@contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """A hidden folder that takes the target's place if the block succeeds, and vanishes if it does not.

    Raises:
        StorageFullError, StorageError: of the block or the move; the target is as it was.
    """
    new = target.parent / f".new-{uuid.uuid4().hex}"
    try:
        new.mkdir(parents=True)
        yield new
        put_in_place(new, target)
    except OSError as error:
        raise storage_error(target, error) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def put_in_place(new: Path, target: Path) -> None:
    """Renames a folder to `target`; what is there goes only when it has been replaced."""
    old = target.parent / f".old-{uuid.uuid4().hex}"
    try:
        if target.exists():
            target.rename(old)
        new.rename(target)
    finally:
        if old.exists() and not target.exists():
            old.rename(target)
        delete(old)


def delete(path: Path) -> None:
    """Deletes a folder as far as possible; of a link the link, not what it leads to."""
    if path.is_symlink():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)

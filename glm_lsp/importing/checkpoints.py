"""The checkpoints that were downloaded: which there are, how large they are, and how they go again."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from glm_lsp.importing.download import PARTIAL, Origin, locked
from glm_lsp.importing.room import folder_bytes


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A checkpoint of a repository's commit, of which at least twelve digits are given.

    `path` holds all of it if it is `complete`, and is hidden otherwise.
    """

    repo_id: str
    revision: str
    path: Path
    bytes: int
    complete: bool


def downloaded(folder: Path) -> list[Downloaded]:
    """Those in the folder of checkpoints, by name; what did not come from a hub is left out."""
    if not folder.is_dir():
        return []
    found = (_read(path) for path in sorted(folder.iterdir()) if path.is_dir())
    return [checkpoint for checkpoint in found if checkpoint]


def delete(checkpoint: Downloaded) -> None:
    """Deletes a checkpoint.

    Raises:
        InputError: another process is downloading it.
        StorageError: it cannot be deleted.
    """
    path = checkpoint.path
    whole = path if checkpoint.complete else path.with_name(path.name[1:].removesuffix(PARTIAL))
    with locked(whole):
        if path.is_symlink():
            path.unlink()
        else:
            shutil.rmtree(path)


def _read(path: Path) -> Downloaded | None:
    size = folder_bytes(path)
    if path.name.startswith(".") and path.name.endswith(PARTIAL):
        # As `Offer.folder` puts it; neither part of a repository's name has two dashes in a row.
        repository, at, revision = path.name[1:].removesuffix(PARTIAL).rpartition("@")
        repo_id = repository.replace("--", "/")
        return Downloaded(repo_id, revision, path, size, complete=False) if at and "/" in repo_id else None
    origin = Origin.read(path)
    return Downloaded(origin.repo_id, origin.revision, path, size, complete=True) if origin else None

"""Folders cloned without Git LFS hold notes of a few lines where the large files should be."""

from __future__ import annotations

from pathlib import Path

from glm_lsp.errors import CheckpointError

_BEGINNING = b"version https://git-lfs.github.com/spec/"
_MAX_POINTER_BYTES = 1024
_ENDINGS = frozenset({".safetensors", ".bin", ".model", ".json", ".txt"})


def refuse_pointers(folder: Path) -> None:
    """Refuses a checkpoint folder with such notes.

    Raises:
        CheckpointError: names the first of them.
    """
    for path in sorted(folder.iterdir()):
        if path.suffix in _ENDINGS and path.is_file() and path.stat().st_size <= _MAX_POINTER_BYTES:
            with path.open("rb") as file:
                beginning = file.read(len(_BEGINNING))
            if beginning == _BEGINNING:
                raise CheckpointError(
                    f"{path} is a note of Git LFS, not the file itself",
                    "Run `git lfs pull` in that folder, or download the repository with `glm-lsp model pull`.",
                )

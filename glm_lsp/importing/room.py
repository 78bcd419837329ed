"""What is on the disks, and whether what is to come fits them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from glm_lsp.byte_size import readable
from glm_lsp.errors import StorageFullError

SPARE_BYTES = 256 << 20
"""Left free on a disk, for small files and for everything else that goes on there."""


def require_room(needs: Mapping[Path, int]) -> None:
    """Refuses to begin what will not fit.

    Args:
        needs: how many bytes are to come into each folder, which need not be there yet; those on one disk count
            together.

    Raises:
        StorageFullError: they and some spare are more than is free.
    """
    on_disk: dict[int, list[tuple[Path, int]]] = {}
    for folder, num_bytes in needs.items():
        existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        on_disk.setdefault(existing.stat().st_dev, []).append((existing, num_bytes))
    for parts in on_disk.values():
        free = shutil.disk_usage(parts[0][0]).free
        total = sum(num_bytes for _, num_bytes in parts)
        if total and free < total + SPARE_BYTES:
            places = " and ".join(f"{readable(num_bytes)} to {folder}" for folder, num_bytes in parts)
            raise StorageFullError(
                f"{places} are to come, and {readable(free)} are free there",
                f"Free that and {readable(SPARE_BYTES)} more, or take a larger disk: see GLM_LSP_HOME and --to.",
            )


def folder_bytes(folder: Path) -> int:
    """The sizes of all files in a folder together; somebody else may be at work in it."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.stat().st_size if path.is_file() else 0
    return total

"""What a checkpoint folder calls its model: the only thing that tells some of the family apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_MAX_LENGTH = 300
_MAX_README_BYTES = 1 << 20

_NO_NAME = re.compile(r"[0-9a-f]{7,64}|snapshots|main|master")
"""Folders that a hub's cache makes below the one that has the repository's name."""

_HEADING = re.compile(r"^(?:#|<h1[^>]*>)\s*(.+)$", re.MULTILINE | re.IGNORECASE)


def names_of(folder: Path, values: Mapping[str, Any]) -> tuple[str, ...]:
    """The folder's name, then `_name_or_path` of the config, where there is one; lower case."""
    path = _named(folder)
    given = values.get("_name_or_path")
    names = (path.name, given if isinstance(given, str) else "")
    return tuple(name[:_MAX_LENGTH].lower() for name in names if name)


def repository_name(folder: Path) -> str:
    """What the folder would be called if it were a clone: without what a cache or a download puts around the name."""
    return _named(folder).name.partition("@")[0].rpartition("--")[2]


def _named(folder: Path) -> Path:
    path = folder.resolve()
    while _NO_NAME.fullmatch(path.name):
        path = path.parent
    return path


def heading_of(folder: Path) -> str:
    """The first heading of the folder's README.md, lower case; empty where there is none."""
    found = _HEADING.search(read_text(folder / "README.md", _MAX_README_BYTES))
    return found[1][:_MAX_LENGTH].lower() if found else ""


def read_text(path: Path, max_bytes: int) -> str:
    """The beginning of a text file; nothing where it cannot be read. What is not UTF-8 is replaced."""
    try:
        with path.open("rb") as file:
            return file.read(max_bytes).decode("utf-8", "replace")
    except OSError:
        return ""

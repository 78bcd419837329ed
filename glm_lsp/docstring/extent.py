"""How much of a document somebody wants documented."""

from __future__ import annotations

from enum import StrEnum


class Extent(StrEnum):
    """The values are those of the command's argument `scope`."""

    DEFINITION = "definition"
    FILE = "file"
    BLOCK = "block"

"""How much a completion may write: the rest of a line, or a block."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """The two modes of the CodeGeeX4 prompt; the same choice selects the stop rules."""

    LINE = "LINE"
    BLOCK = "BLOCK"

"""Columns as the editor counts them (UTF-8, UTF-16 or UTF-32 units) and as Python does (code points)."""

from __future__ import annotations

from enum import StrEnum

MAX_UINTEGER = 2**31 - 1


class PositionEncoding(StrEnum):
    """LSP's names for the unit of `Position.character`."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


_CODECS = {PositionEncoding.UTF8: ("utf-8", 1), PositionEncoding.UTF16: ("utf-16-le", 2)}


def column_from_units(line: str, units: int, encoding: PositionEncoding) -> int:
    """The code points of `line` before its unit `units`.

    Past the end it is the end; inside a character it is the character's start.
    """
    # No encoding has fewer units than code points.
    head = line[:units]
    if encoding is PositionEncoding.UTF32 or head.isascii():
        return len(head)
    codec, width = _CODECS[encoding]
    return len(head.encode(codec)[: units * width].decode(codec, "ignore"))


def units_from_column(line: str, column: int, encoding: PositionEncoding) -> int:
    """The units of the first `column` code points of `line`."""
    head = line[:column]
    if encoding is PositionEncoding.UTF32 or head.isascii():
        return len(head)
    codec, width = _CODECS[encoding]
    return len(head.encode(codec)) // width

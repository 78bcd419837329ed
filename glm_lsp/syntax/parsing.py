"""Source text to a tree. The parser holds up all threads, so it gets long text in pieces and lets them in between."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Point, Tree

_PIECE = 65_536
"""Bytes: 8 ms of parsing."""
_LONG = 2 * _PIECE

# The parser's bindings keep for good whatever a callback returns. So that is always the same.
_piece = bytearray(_PIECE)
_whole_piece = memoryview(_piece)
_reading = threading.Lock()


def parsed(language: Language, data: bytes, old: Tree | None = None) -> Tree:
    """The tree of a text.

    Args:
        data: UTF-8.
        old: the tree of the text as it was, told of the edit.
    """
    from tree_sitter import Parser  # noqa: PLC0415 - loaded with the first grammar

    parser = Parser(language)
    if len(data) < _LONG:
        return parser.parse(data) if old is None else parser.parse(data, old)

    def read(start: int, _point: Point) -> memoryview:
        size = max(min(len(data) - start, _PIECE), 0)
        _piece[:size] = data[start : start + size]
        return _whole_piece[:size] if size < _PIECE else _whole_piece

    with _reading:
        tree = parser.parse(read) if old is None else parser.parse(read, old)
    # Nodes of a tree that was read by a callback end the process when asked for their text. Of the same text nearly
    # everything is taken over.
    return parser.parse(data, tree)

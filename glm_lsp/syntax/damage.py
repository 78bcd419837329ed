"""What of a text does not fit its grammar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node


def damaged_nodes(root: Node, start_byte: int = 0, end_byte: int | None = None) -> Iterator[Node]:
    """ERROR nodes (text that was skipped) and MISSING ones (tokens that were made up), in the order of the text.

    Only nodes with an error somewhere below are looked into, so what is sound costs nothing.

    Args:
        root: where to look.
        start_byte: nodes that end before it are left out.
        end_byte: nodes that start behind it are left out; None for the end of the text.
    """
    if not root.has_error:
        return
    last = root.end_byte if end_byte is None else end_byte
    cursor = root.walk()
    while True:
        node = cursor.node
        assert node is not None  # noqa: S101 - a cursor always stands on a node
        if node.start_byte > last:
            return
        is_near = node.end_byte >= start_byte
        if is_near and (node.is_error or node.is_missing):
            yield node
        if is_near and node.has_error and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return

"""The brackets of a parsed text that are code."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.syntax.tree import SyntaxTree

_BRACKETS = frozenset("()[]{}")
_FENCED = "raw_string_literal"
"""A string whose fences are brackets to its grammar, C++'s `R"(...)"`."""


def code_brackets(tree: SyntaxTree, start: int, end: int) -> list[tuple[int, str]]:
    """Brackets between two offsets in code points, each with its offset, in the order of the text.

    Read off the tree's leaves, in one pass: what it costs grows with the leaves in between, no matter how much of
    the text is broken. Brackets around code within strings are code, those of tokens that were made up are not there.
    """
    start_byte, end_byte = tree.byte_of(start), tree.byte_of(end)
    found: list[tuple[int, str]] = []
    cursor = tree.root.walk()
    while True:
        node = cursor.node
        assert node is not None  # noqa: S101 - a cursor always stands on a node
        if node.start_byte >= end_byte:
            break
        if node.end_byte > start_byte and node.type != _FENCED:
            if node.start_byte < start_byte:
                went_down = cursor.goto_first_child_for_byte(start_byte) is not None
            else:
                went_down = cursor.goto_first_child()
            if went_down:
                continue
            if not node.is_named and not node.is_missing and not _BRACKETS.isdisjoint(node.type):
                token = tree.data[node.start_byte : node.end_byte].decode("utf-8", "ignore")
                at = tree.offset_of(node.start_byte)
                found += [
                    (at + index, character)
                    for index, character in enumerate(token)
                    if character in _BRACKETS and start <= at + index < end
                ]
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found
    return found

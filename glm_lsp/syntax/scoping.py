"""What a cursor is in, from the tree where it is sound and from the text where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.syntax.damage import damaged_nodes
from glm_lsp.syntax.scope import Scope
from glm_lsp.syntax.unfinished import scope_behind

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_LINE_COMMENTS = ("comment", "line_comment", "html_comment")
# Grammars name alike what is alike, so one table serves all.
_SCOPES = {
    "comment": Scope.COMMENT,
    "line_comment": Scope.COMMENT,
    "block_comment": Scope.COMMENT,
    "html_comment": Scope.COMMENT,
    "string": Scope.STRING,
    "string_literal": Scope.STRING,
    "template_string": Scope.STRING,
    "regex": Scope.STRING,
    "interpreted_string_literal": Scope.STRING,
    "raw_string_literal": Scope.STRING,
    "rune_literal": Scope.STRING,
    "char_literal": Scope.STRING,
    "character_literal": Scope.STRING,
    "system_lib_string": Scope.STRING,
    "interpolation": Scope.CODE,
    "template_substitution": Scope.CODE,
    "string_interpolation": Scope.CODE,
}
_UNREAD = frozenset(["preproc_arg"])
"""Nodes that the grammar takes as text of any kind: comments and strings in them are not told apart."""
_FAR = 8192
"""Bytes before the cursor in which an error makes the tree doubtful."""


def scope_at(tree: SyntaxTree, offset: int) -> Scope:
    """The scope at a cursor, `offset` code points from the start of the tree's text."""
    at = tree.byte_of(offset)
    if at == 0:
        return Scope.CODE
    node = tree.root.descendant_for_byte_range(at - 1, at)
    while node is not None:
        # Keywords are nodes, too: TypeScript's type `string` is not one.
        scope = _SCOPES.get(node.type) if node.is_named else None
        if scope is not None and at < _inner_end(tree, node):
            return scope
        if node.type in _UNREAD:
            return _read_from(tree, node.start_byte, offset)
        node = node.parent
    doubtful = _first_doubt(tree, at)
    return Scope.CODE if doubtful is None else _read_from(tree, doubtful, offset)


def _inner_end(tree: SyntaxTree, node: Node) -> int:
    """The first byte where a cursor is no longer inside: behind a closing quote, or beyond a comment's line."""
    end = node.end_byte
    if node.type in _LINE_COMMENTS and not tree.data.startswith(b"/*", node.start_byte):
        # Some grammars count the line end as part of a comment; without it one can still type on.
        return end if tree.data.endswith(b"\n", node.start_byte, end) else end + 1
    last = node.child(node.child_count - 1) if node.child_count else None
    return end + 1 if last is not None and last.is_missing else end


def _first_doubt(tree: SyntaxTree, at: int) -> int | None:
    """Start of the first line with an error not far before `at`, or on its line; None when all is sound."""
    line_end = tree.data.find(b"\n", at)
    for node in damaged_nodes(tree.root, max(0, at - _FAR), len(tree.data) if line_end < 0 else line_end):
        broken = node.parent if node.is_missing and node.parent is not None else node
        start = min(max(broken.start_byte, at - _FAR), at)
        return _sound_place(tree, tree.data.rfind(b"\n", 0, start) + 1, start)
    return None


def _sound_place(tree: SyntaxTree, line: int, start: int) -> int:
    """`line`, the start of the line of `start`, or where a string or comment ends that reaches into that line."""
    node = tree.root.descendant_for_byte_range(line, line + 1)
    while node is not None:
        if node.is_named and node.start_byte < line and _SCOPES.get(node.type, Scope.CODE) is not Scope.CODE:
            return min(node.end_byte, start)
        node = node.parent
    return line


def _read_from(tree: SyntaxTree, start: int, offset: int) -> Scope:
    return scope_behind(tree.language_id, tree.text[tree.offset_of(start) : offset])

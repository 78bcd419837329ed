"""What a cursor is in, from the tree where it is sound and from the text where it is not."""

from __future__ import annotations

from collections.abc import Iterator
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
    for node in _nodes_around(tree, at - 1):
        # Keywords are nodes, too: TypeScript's type `string` is not one.
        scope = _SCOPES.get(node.type) if node.is_named else None
        if scope is not None and at < _inner_end(tree, node):
            return (
                scope
                if _is_sound(tree, node)
                else _read_from(tree, _line_start(tree, node.start_byte), offset)
            )
        if node.type in _UNREAD:
            return _read_from(tree, node.start_byte, offset)
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


def _line_start(tree: SyntaxTree, byte: int) -> int:
    return tree.data.rfind(b"\n", 0, byte) + 1


def _is_sound(tree: SyntaxTree, node: Node) -> bool:
    """Whether no error lies before a node on its line: `"#` is no comment when the quote is never closed."""
    line = _line_start(tree, node.start_byte)
    return all(broken.start_byte < line for broken in damaged_nodes(tree.root, line, node.start_byte))


def _first_doubt(tree: SyntaxTree, at: int) -> int | None:
    """Start of the first line with an error not far before `at`, or on its line; None when all is sound."""
    line_end = tree.data.find(b"\n", at)
    for node in damaged_nodes(tree.root, max(0, at - _FAR), len(tree.data) if line_end < 0 else line_end):
        line = _line_start(tree, min(max(node.start_byte, at - _FAR), at))
        return min(_end_of_prose(tree, line), at)
    return None


def _end_of_prose(tree: SyntaxTree, byte: int) -> int:
    """`byte`, or where a string or comment ends that holds it."""
    for node in _nodes_around(tree, byte):
        if node.is_named and node.start_byte < byte and _SCOPES.get(node.type, Scope.CODE) is not Scope.CODE:
            return node.end_byte
    return byte


def _nodes_around(tree: SyntaxTree, byte: int) -> Iterator[Node]:
    """The nodes that hold a byte, the smallest first.

    Found on one way down. `Node.parent` goes down from the root each time, and by recursion: in brackets 20,000 deep
    it ends the process.
    """
    cursor, nodes = tree.root.walk(), [tree.root]
    while cursor.goto_first_child_for_byte(byte) is not None:
        node = cursor.node
        if node is None or node.start_byte > byte:
            break
        nodes.append(node)
    return reversed(nodes)


def _read_from(tree: SyntaxTree, start: int, offset: int) -> Scope:
    return scope_behind(tree.language_id, tree.text[tree.offset_of(start) : offset])

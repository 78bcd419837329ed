"""The proof that an edit touches documentation and nothing else: the syntax tree without it is as it was."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from glm_lsp.docstring.source_tree import parse

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

# Not JavaScript's `-->`, which is a comment by its place only: what follows `*/` must not pass for one.
_COMMENTS = frozenset(["comment", "line_comment", "block_comment"])
_DEFINITIONS = frozenset(["function_definition", "class_definition"])


def touches_code(language_id: str, before: str, after: str) -> bool:
    """Whether two texts differ in more than comments and docstrings; see `Original`."""
    return Original(language_id, before).is_touched_in(after)


class Original:
    """A text that documentation is put into. It is parsed once, whatever it is compared with.

    What cannot be parsed cannot be proven, and counts as touched. Line breaks and blanks are code where the grammar
    says so: Python's indentation, Go's and JavaScript's line ends give other trees.
    """

    def __init__(self, language_id: str, text: str) -> None:
        self._language_id = language_id
        self._tree = parse(language_id, text)

    def is_touched_in(self, after: str) -> bool:
        """Whether another text differs from this one in more than comments and docstrings."""
        new = parse(self._language_id, after) if self._tree is not None else None
        if self._tree is None or new is None:
            return True
        return any(one != other for one, other in zip_longest(_code(self._tree), _code(new)))


def _code(tree: SyntaxTree) -> Iterator[tuple[int, str, bytes]]:
    """Depth, kind and own source of every node that is no documentation.

    A walk, not a recursion: expressions nest deeper than Python's stack.
    """
    is_python = tree.language_id == "python"
    # Of each node still to be seen, whether it is the body of a definition.
    waiting: list[tuple[int, Node, bool]] = [(0, tree.root, True)]
    while waiting:
        depth, node, is_body = waiting.pop()
        children = node.children
        yield depth, f"{'missing ' * node.is_missing}{node.type}", _own_source(tree.data, node, children)
        body = node.child_by_field_name("body") if node.type in _DEFINITIONS else None
        docstring = docstring_of(node) if is_python and is_body else None
        for child in reversed(children):
            if child.type not in _COMMENTS and child != docstring:
                waiting.append((depth + 1, child, child == body))


def _own_source(data: bytes, node: Node, children: list[Node]) -> bytes:
    """The bytes of a node that are in none of its children: all of a leaf; of others text around escapes, and what the
    parser skipped. Blanks between children count where there is such text, but not in what it could not read."""
    if not children:
        return data[node.start_byte : node.end_byte]
    at, own = node.start_byte, b""
    for child in children:
        own += data[at : child.start_byte]
        at = child.end_byte
    own += data[at : node.end_byte]
    return b"".join(own.split()) if node.is_error else own if own.strip() else b""


def docstring_of(body: Node) -> Node | None:
    """The statement in the body of a Python module, class or function that is its docstring; None without one.

    A formatted string and bytes are none. Strings side by side are one, but nobody writes them so, and they count as
    code here.
    """
    first = next((child for child in body.named_children if child.type not in _COMMENTS), None)
    if first is None or first.type != "expression_statement" or first.child_count != 1:
        return None
    string = first.children[0]
    if string.type != "string" or not string.children:
        return None
    start = string.children[0].text or b""
    return None if {*start.lower()} & {*b"fbt"} else first

"""The proof that an edit touches documentation and nothing else: the syntax tree without it is as it was."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from glm_lsp.docstring.grammars.c_macros import without_macros
from glm_lsp.docstring.source_tree import parse

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

# Not JavaScript's `-->`, which is a comment by its place only: what follows `*/` must not pass for one.
_COMMENTS = frozenset(["comment", "line_comment", "block_comment"])
_DEFINITIONS = frozenset(["function_definition", "class_definition"])
_MACRO_LANGUAGES = frozenset(["c", "cpp"])


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
        return not (_is_same_code(self._tree, new) or self._is_same_without_macros(self._tree, new))

    def _is_same_without_macros(self, old: SyntaxTree, new: SyntaxTree) -> bool:
        """Whether only the way in which the parser gets over macros differs, which a comment can change.

        All that is no comment has to be there still, in the same order, and the tree has to be the same once the
        macros are taken out of both texts.
        """
        if self._language_id not in _MACRO_LANGUAGES or not old.root.has_error:
            return False
        return _text_without_comments(old) == _text_without_comments(new) and _is_same_code(
            without_macros(old), without_macros(new)
        )


def _is_same_code(old: SyntaxTree, new: SyntaxTree) -> bool:
    return all(one == other for one, other in zip_longest(_code(old), _code(new)))


def _text_without_comments(tree: SyntaxTree) -> bytes:
    """The text without comments and blanks."""
    cursor, at, text = tree.root.walk(), 0, b""
    while (node := cursor.node) is not None:
        is_comment = node.type in _COMMENTS
        if is_comment:
            text += tree.data[at : node.start_byte]
            at = node.end_byte
        elif cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return b"".join((text + tree.data[at:]).split())
    return b""


class _Open:
    """A node that is being walked through.

    Attributes:
        docstring: the child that is one.
        own: what of its source lies in none of the children so far, which end at `at`.
    """

    __slots__ = ("at", "docstring", "end", "is_definition", "is_error", "kind", "own")

    def __init__(self, node: Node, docstring: Node | None) -> None:
        self.kind = f"{'missing ' * node.is_missing}{node.type}"
        self.is_definition = node.type in _DEFINITIONS
        self.is_error = node.is_error
        self.at, self.end = node.start_byte, node.end_byte
        self.docstring = docstring
        self.own = b""

    def pass_over(self, data: bytes, child: Node) -> None:
        """Takes what stands before a child as its own."""
        self.own += data[self.at : child.start_byte]
        self.at = child.end_byte

    def own_source(self, data: bytes) -> bytes:
        """What is in none of the children: text around escapes, and what the parser skipped.

        Blanks between children count where there is such text, but not in what the parser could not read.
        """
        own = self.own + data[self.at : self.end]
        return b"".join(own.split()) if self.is_error else own if own.strip() else b""


def _code(tree: SyntaxTree) -> Iterator[tuple[int, str, bytes]]:
    """Depth, kind and own source of every node that is no documentation, each behind those below it.

    A walk, not a recursion: expressions nest deeper than Python's stack. By a cursor: nodes keep their children, and
    of a large document there would be hundreds of thousands for the garbage collector to look through.
    """
    is_python, data = tree.language_id == "python", tree.data
    cursor, around = tree.root.walk(), list[_Open]()
    while (node := cursor.node) is not None:
        parent = around[-1] if around else None
        if parent is not None:
            parent.pass_over(data, node)
        if parent is None or not (node.type in _COMMENTS or node == parent.docstring):
            is_body = parent is None or (parent.is_definition and cursor.field_name == "body")
            around.append(_Open(node, docstring_of(node) if is_python and is_body else None))
            if cursor.goto_first_child():
                continue
            opened = around.pop()
            yield len(around), opened.kind, data[node.start_byte : node.end_byte]
        while around and not cursor.goto_next_sibling():
            cursor.goto_parent()
            opened = around.pop()
            yield len(around), opened.kind, opened.own_source(data)
        if not around:
            return


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

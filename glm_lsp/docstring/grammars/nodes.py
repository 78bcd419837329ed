"""What all grammars read off nodes: source on one line, lines and indentation, comments above, walks without recursion.

No function here asks a node for its parent, which costs the depth of the tree, or recurses.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from glm_lsp.completion.lines import line_start
from glm_lsp.docstring.entity import Documentation, Place

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

COMMENTS = frozenset(["comment", "line_comment", "block_comment", "html_comment"])

_BLANKS = " \t\f"
_INDENT = re.compile(r"[ \t\f]*")
_INDENTED = re.compile(r"^(\t|  +)(?=[^\s*])", re.MULTILINE)
_MAX_HEAD = 4_096
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_UNFIT = re.compile(r"[\\\0-\x1f\x7f-\x9f\u2028\u2029]|\*/|\"\"\"|'''")
"""What must not get into documentation from source."""
_OPENING, _CLOSING = frozenset("([<"), frozenset(")]>")
"""Brackets without blanks inside them; braces are such in Python."""
_ENDS = frozenset("]}>")
"""Brackets before which a last comma means nothing."""
_MAX_LEAVES = 500
"""Tokens of the longest type or default that is quoted; longer ones are data."""


def walk(root: Node, not_into: Collection[str] = ()) -> Iterator[Node]:
    """A node and all below it in source order; nodes of the kinds `not_into` are seen, what is below them is not.

    The kind of `root` itself is not asked.
    """
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if node is root or node.type not in not_into:
            waiting += reversed(node.children)


def one_line(tree: SyntaxTree, *nodes: Node) -> str:
    """The source of neighbouring nodes on one line, without comments.

    Empty if it is unfit for documentation: a string over several lines, a backslash, quotes or marks that would end
    documentation; and if it is longer than anybody wants to read.
    """
    pieces: list[str] = []
    at, num_leaves, is_broken, is_commented = -1, 0, False, False
    braces = "{}" if tree.language_id == "python" else ""
    opening, closing = _OPENING.union(braces[:1]), _CLOSING.union(braces[1:])
    for leaf in (each for node in nodes for each in walk(node, COMMENTS) if not each.child_count):
        if leaf.type in COMMENTS:
            is_commented = True
            continue
        if at >= 0:
            gap = tree.data[at : leaf.start_byte].decode("utf-8", "ignore")
            is_broken = is_commented or bool(_LINE_BREAK.search(gap))
            pieces.append(" " if is_broken else gap.replace("\t", " "))
        source = tree.text_of(leaf)
        num_leaves += 1
        if _UNFIT.search(source) or num_leaves > _MAX_LEAVES:
            return ""
        if is_broken and source in _ENDS and pieces[-2] == ",":
            del pieces[-2]
        if is_broken and (source in closing or pieces[-2] in opening):
            pieces.pop()
        pieces.append(source)
        at, is_commented = leaf.end_byte, False
    text = "".join(pieces).strip()
    return "" if _UNFIT.search(text) else text


def num_breaks(text: str) -> int:
    """Line breaks in a text of whatever kind."""
    return len(_LINE_BREAK.findall(text))


def indent_at(text: str, offset: int) -> str:
    """The blanks that the line of an offset begins with, up to the offset."""
    found = _INDENT.match(text, line_start(text, offset), offset)
    return found.group() if found else ""


def is_first_on_line(text: str, offset: int) -> bool:
    """Whether nothing but blanks stands before an offset on its line."""
    code = _code_before(text, offset)
    return not code or code in "\r\n\ufeff"


def _code_before(text: str, offset: int) -> str:
    """The character before an offset and the blanks before it; empty at the start of the text."""
    end = _behind_code(text, offset)
    return text[max(end - 1, 0) : end]


def _behind_code(text: str, offset: int) -> int:
    while offset and text[offset - 1] in _BLANKS:
        offset -= 1
    return offset


def indent_unit(text: str) -> str:
    """What a text indents by: that of its first indented line that is no continued comment. Looks at its head only."""
    found = _INDENTED.search(text, 0, _MAX_HEAD)
    return found.group(1) if found else "    "


def place_above(tree: SyntaxTree, offset: int) -> Place | None:
    """Where a comment goes that stands on lines of its own above a definition; `offset` is the definition's start.

    None where the definition does not begin its line, unless what is before it ends a statement or opens a body: a
    line break anywhere else could change what the code means.
    """
    text = tree.text
    indent = indent_at(text, offset)
    if is_first_on_line(text, offset):
        return Place(offset, indent, after=f"\n{indent}")
    code = _code_before(text, offset)
    if code not in "{};":
        return None
    if code == "{":
        indent += indent_unit(text)
    return place_between(text, offset, indent)


def place_between(text: str, offset: int, indent: str, after: str = "\n") -> Place:
    """Where documentation goes that parts two things on one line; what is at `offset` moves to a line of its own.

    The blanks before it become a part of its indentation where they are like it, so that no line ends with them.
    """
    gap = text[_behind_code(text, offset) : offset]
    if not indent.endswith(gap):
        gap = ""
    own = indent.removesuffix(gap)
    return Place(offset - len(gap), indent, before=f"\n{indent}", after=f"{after}{own}")


def comments_above(tree: SyntaxTree, siblings: Sequence[Node], index: int) -> tuple[Node, ...]:
    """The comments directly above `siblings[index]`, in order: no empty line between, none behind code on its line.

    `siblings` are all children of one node, comments included.
    """
    found: list[Node] = []
    below = tree.offset_of(siblings[index].start_byte)
    for number in range(index - 1, -1, -1):
        comment = siblings[number]
        if comment.type not in COMMENTS:
            break
        start, end = tree.offset_of(comment.start_byte), tree.offset_of(comment.end_byte)
        # Some grammars count the line break behind a comment as a part of it.
        source = tree.text[start:end].rstrip()
        gap = tree.text[start + len(source) : below]
        if gap.strip() or num_breaks(gap) > 1 or not is_first_on_line(tree.text, start):
            break
        found.append(comment)
        below = start
    return tuple(reversed(found))


def documentation_of(tree: SyntaxTree, comments: Sequence[Node]) -> Documentation | None:
    """Comments one below the other as one documentation; None without any."""
    if not comments:
        return None
    start = tree.offset_of(comments[0].start_byte)
    text = tree.text[start : tree.offset_of(comments[-1].end_byte)].rstrip()
    return Documentation(start, start + len(text), text, indent_at(tree.text, start))

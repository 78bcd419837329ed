"""What stands directly above a definition: its documentation, directives that belong to it, other comments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import Documentation, Place
from glm_lsp.docstring.grammars.nodes import (
    COMMENTS,
    comments_above,
    documentation_of,
    num_breaks,
    place_above,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree


@dataclass(frozen=True, slots=True)
class Marks:
    """How comments of a language are told apart; matched at a comment's start.

    Attributes:
        documentation: comments that document what is below them.
        directive: comments to tools, which must stay directly above the code.
        of_others: found anywhere in a comment that looks like documentation, it tells that the whole of it is about
            something else than the code below: a file, a group.
        behind: comments that document the code before them on their line.
    """

    documentation: re.Pattern[str]
    directive: re.Pattern[str]
    of_others: re.Pattern[str] | None = None
    behind: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Above:
    """What is above a definition, and where new documentation goes: below other comments, above directives."""

    place: Place | None
    documentation: Documentation | None


def above(tree: SyntaxTree, siblings: Sequence[Node], index: int, marks: Marks) -> Above:
    """Looks above `siblings[index]`; `siblings` are all children of one node, comments included.

    Other comments and directives may stand between a documentation and what it documents. Line comments one below
    the other are one documentation, a block comment is one by itself.
    """
    comments = list(comments_above(tree, siblings, index))
    texts = [tree.text_of(comment) for comment in comments]
    first = len(comments)
    while first and marks.directive.match(texts[first - 1]):
        first -= 1
    top = comments[first] if first < len(comments) else siblings[index]
    place = place_above(tree, tree.offset_of(top.start_byte))
    end = len(comments)
    while end and not marks.documentation.match(texts[end - 1]):
        end -= 1
    start = max(end - 1, 0)
    if end and texts[start].startswith("//"):
        while start and texts[start - 1].startswith("//") and marks.documentation.match(texts[start - 1]):
            start -= 1
    if marks.of_others and any(map(marks.of_others.search, texts[start:end])):
        end = start
    documentation = documentation_of(tree, comments[start:end])
    return Above(place, documentation or _behind(tree, siblings, index, marks))


def _behind(tree: SyntaxTree, siblings: Sequence[Node], index: int, marks: Marks) -> Documentation | None:
    """What documents `siblings[index]` from behind: it begins on the line where that ends."""
    end, found = siblings[index].end_byte, list["Node"]()
    for number in range(index + 1, len(siblings) if marks.behind else 0):
        node = siblings[number]
        breaks = num_breaks(tree.data[end : node.start_byte].decode("utf-8", "ignore"))
        is_next = breaks <= (1 if found and tree.text_of(found[-1]).startswith("//") else 0)
        if is_next and node.type in COMMENTS and marks.behind and marks.behind.match(tree.text_of(node)):
            found.append(node)
        elif breaks or found or node.type != ";":
            break
        end = node.end_byte
    return documentation_of(tree, found)


def end_before(tree: SyntaxTree, byte: int) -> int:
    """Where what stands before a place in bytes ends, blanks and line breaks left out; an offset in code points."""
    while byte and tree.data[byte - 1] in b" \t\r\n\f\v":
        byte -= 1
    return tree.offset_of(byte)

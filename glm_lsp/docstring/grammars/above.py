"""What stands directly above a definition: its documentation, directives that belong to it, other comments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import Documentation, Place
from glm_lsp.docstring.grammars.nodes import comments_above, documentation_of, place_above

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree


@dataclass(frozen=True, slots=True)
class Marks:
    """How comments of a language are told apart; matched at a comment's start.

    Attributes:
        documentation: comments that document what is below them.
        directive: comments to tools, which must stay directly above the code.
    """

    documentation: re.Pattern[str]
    directive: re.Pattern[str]


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
    return Above(place, documentation_of(tree, comments[start:end]))


def end_before(tree: SyntaxTree, byte: int) -> int:
    """Where what stands before a place in bytes ends, blanks and line breaks left out; an offset in code points."""
    while byte and tree.data[byte - 1] in b" \t\r\n\f\v":
        byte -= 1
    return tree.offset_of(byte)

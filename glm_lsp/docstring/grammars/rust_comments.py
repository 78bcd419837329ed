"""What stands above an item of Rust: attributes, documentation, other comments; and the documentation of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import Documentation, Place
from glm_lsp.docstring.grammars.nodes import (
    COMMENTS,
    documentation_of,
    is_first_on_line,
    num_breaks,
    place_above,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_DOC_ATTRIBUTE = re.compile(r"#!?\[\s*doc\s*=")
_LICENCE = re.compile(r"copyright|licen[cs]e|spdx", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Above:
    """What is above an item.

    Attributes:
        start_byte: of the item with its attributes; of a file, that of the first item.
        attributes: their sources.
        place: above the attributes, below other comments.
    """

    start_byte: int
    attributes: tuple[str, ...]
    place: Place | None
    documentation: Documentation | None


def above(tree: SyntaxTree, siblings: Sequence[Node], index: int) -> Above:
    """Looks above `siblings[index]`.

    As the compiler reads it: documentation belongs to the next item, whatever blanks and attributes are between. In
    several pieces, the first counts.
    """
    first = index
    while first and (siblings[first - 1].type in COMMENTS or siblings[first - 1].type == "attribute_item"):
        first -= 1
    attached = siblings[first:index]
    attributes = [each for each in attached if each.type == "attribute_item"]
    top = attributes[0] if attributes else siblings[index]
    return Above(
        top.start_byte,
        tuple(tree.text_of(each) for each in attributes),
        place_above(tree, tree.offset_of(top.start_byte)),
        _documentation(tree, attached, "outer"),
    )


def crate_comments(tree: SyntaxTree) -> Above | None:
    """The documentation of the file itself, and its place: below a licence; None without any code."""
    siblings = tree.root.children
    if all(node.type in {*COMMENTS, "shebang"} for node in siblings):
        return None
    is_head = [node.type in {*COMMENTS, "shebang", "inner_attribute_item"} for node in siblings]
    head = [*is_head, False].index(False)
    body_byte = siblings[head].start_byte if head < len(siblings) else len(tree.data)
    documentation = _documentation(tree, siblings[:head], "inner")
    first = _below_licence(tree, siblings)
    start = tree.offset_of(siblings[first].start_byte)
    place = None
    if is_first_on_line(tree.text, start) and not tree.text[:start].endswith((" ", "\t")):
        is_apart = not first or num_breaks(_gap(tree, siblings[first - 1], start)) > 1
        place = Place(start, "", before="" if is_apart else "\n", after="\n\n")
    return Above(body_byte, (), place, documentation)


def _below_licence(tree: SyntaxTree, siblings: Sequence[Node]) -> int:
    """How many nodes at the top of a file are above its documentation: a shebang, comments on nothing below them.

    Such comments end in an empty line, or are a licence.
    """
    number, num_above, is_licence = 0, 0, False
    while siblings[number].type == "shebang" or _is_plain_comment(siblings[number]):
        source = tree.text_of(siblings[number])
        is_licence = is_licence or source.startswith("#!") or _LICENCE.search(source) is not None
        number += 1
        gap = _gap(tree, siblings[number - 1], tree.offset_of(siblings[number].start_byte))
        if num_breaks(gap) > 1:
            num_above, is_licence = number, False
    return number if is_licence else num_above


def _is_plain_comment(node: Node) -> bool:
    return node.type in COMMENTS and not _mark(node, "inner") and not _mark(node, "outer")


def _gap(tree: SyntaxTree, node: Node, offset: int) -> str:
    """From the end of a node, its own line break not counted as a part of it, to an offset."""
    start = tree.offset_of(node.start_byte)
    return tree.text[start + len(tree.text_of(node).rstrip()) : offset]


def _documentation(tree: SyntaxTree, attached: Sequence[Node], mark: str) -> Documentation | None:
    """The first documentation among nodes: a run of comments without an empty line between, or an attribute."""
    run: list[Node] = []
    for node in attached:
        is_documentation = _mark(node, mark)
        if run and (
            not is_documentation or num_breaks(_gap(tree, run[-1], tree.offset_of(node.start_byte))) > 1
        ):
            break
        if is_documentation:
            run.append(node)
    if run:
        return documentation_of(tree, run)
    return documentation_of(tree, [each for each in attached if _DOC_ATTRIBUTE.match(tree.text_of(each))][:1])


def _mark(node: Node, mark: str) -> bool:
    return node.type in COMMENTS and node.child_by_field_name(mark) is not None

"""The name of what a body gives back, where all its `return`s agree on one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import ITSELF
from glm_lsp.docstring.grammars.nodes import COMMENTS

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_BEHIND = frozenset(
    ["await", "await_expression", "parenthesized_expression", "non_null_expression", "reference_expression",
     "pointer_expression"]
)  # fmt: skip
"""Kinds of nodes that are told by what is in them, whatever their marks are in a language."""
_MEMBERS = {
    "attribute": ("object", "attribute"),
    "member_expression": ("object", "property"),
    "field_access": ("object", "field"),
    "field_expression": ("value", "field"),
    "selector_expression": ("operand", "field"),
}
"""Kinds of nodes that take one thing from another, with the fields of both."""
_OBJECTS = frozenset(["this", "self"])
_NOTHINGS = frozenset(["none", "null", "null_literal", "nullptr", "nil", "undefined"])
_MOST_LAYERS = 8


def name_given(tree: SyntaxTree, values: Iterable[Node]) -> str:
    """The one name that all values have, `ITSELF` for the object whose method it is; empty if they differ or have none.

    Values that are nothing, as `null`, are not counted.
    """
    names = {_name(tree, value) for value in values if value.type not in _NOTHINGS}
    return names.pop() if len(names) == 1 else ""


def _name(tree: SyntaxTree, value: Node) -> str:
    node = _bare(value)
    if node is None:
        return ""
    if _is_object(tree, node):
        return ITSELF
    if node.type == "identifier":
        return tree.text_of(node)
    of, what = _MEMBERS.get(node.type, ("", ""))
    if not what:
        return ""
    owner, member = (
        node.child_by_field_name(of) or node.child_by_field_name("argument"),
        node.child_by_field_name(what),
    )
    is_simple = owner is not None and (owner.type == "identifier" or _is_object(tree, owner))
    return tree.text_of(member) if is_simple and member is not None and not member.child_count else ""


def _bare(value: Node) -> Node | None:
    """Without what is around it; None where that is more than a few layers."""
    node = value
    for _ in range(_MOST_LAYERS):
        if node.type not in _BEHIND:
            return node
        inner = [child for child in node.named_children if child.type not in COMMENTS]
        if len(inner) != 1:
            return None
        node = inner[0]
    return None


def _is_object(tree: SyntaxTree, node: Node) -> bool:
    return node.type in _OBJECTS or (tree.language_id == "python" and tree.text_of(node) == "self")

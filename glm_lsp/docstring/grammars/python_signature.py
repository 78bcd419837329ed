"""What the head of a Python function says: parameters and type parameters."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import Parameter, ParameterKind
from glm_lsp.docstring.grammars.nodes import one_line

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_KINDS = {
    "identifier": ParameterKind.PLAIN,
    "list_splat_pattern": ParameterKind.VARIADIC,
    "dictionary_splat_pattern": ParameterKind.KEYWORDS,
}
_TYPE_NAME = re.compile(r"\*{0,2}\s*(\w+)")


def parameters(tree: SyntaxTree, function: Node, *, has_receiver: bool) -> tuple[Parameter, ...]:
    """In order; `has_receiver` leaves out the first one that is given by position."""
    node = function.child_by_field_name("parameters")
    children = node.named_children if node is not None else []
    children = [child for child in children if child.type != "comment"]
    if has_receiver and children:
        first = _parameter(tree, children[0])
        if first is not None and first.kind is ParameterKind.PLAIN:
            children = children[1:]
    found: list[Parameter] = []
    is_by_name = False
    for child in children:
        parameter = _parameter(tree, child)
        if parameter is not None:
            is_by_name = is_by_name or parameter.kind is ParameterKind.KEYWORDS
            found.append(replace(parameter, is_by_name=is_by_name))
        is_variadic = parameter is not None and parameter.kind is ParameterKind.VARIADIC
        is_by_name = is_by_name or is_variadic or child.type == "keyword_separator"
    return tuple(found)


def _parameter(tree: SyntaxTree, node: Node) -> Parameter | None:
    """One parameter; None for `*`, `/`, and the patterns of Python 2, which have no name."""
    type_node, value = node.child_by_field_name("type"), node.child_by_field_name("value")
    named = node
    if node.type in ("typed_parameter", "typed_default_parameter", "default_parameter"):
        named = node.child_by_field_name("name") or node.named_children[0]
    if named.type not in _KINDS:
        return None
    return Parameter(
        name=tree.text_of(named).lstrip("* \t"),
        type=one_line(tree, type_node) if type_node is not None else "",
        default=one_line(tree, value) if value is not None else "",
        kind=_KINDS[named.type],
        is_optional=value is not None,
    )


def names_of_types(tree: SyntaxTree, definition: Node) -> tuple[str, ...]:
    """Names of generic parameters, without marks, bounds and defaults."""
    node = definition.child_by_field_name("type_parameters")
    children = node.named_children if node is not None else []
    found = (_TYPE_NAME.match(tree.text_of(child)) for child in children if child.type == "type")
    return tuple(match.group(1) for match in found if match)

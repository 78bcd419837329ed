"""What the head of a function in JavaScript or TypeScript says: names, parameters, type parameters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import Parameter, ParameterKind
from glm_lsp.docstring.grammars.nodes import COMMENTS, one_line

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_NAME = re.compile(r"[\w$]+")
_PATTERNS = frozenset(["object_pattern", "array_pattern"])
_TYPED = frozenset(["required_parameter", "optional_parameter"])


def key_of(tree: SyntaxTree, node: Node | None) -> str:
    """A name, or a member's key without its quotes; empty for one that is unfit for documentation."""
    if node is None:
        return ""
    name = one_line(tree, node)
    return name[1:-1] if node.type == "string" else name


def type_of(tree: SyntaxTree, annotation: Node | None) -> str:
    """The source behind the colon of an annotation, on one line."""
    return one_line(tree, *annotation.children[1:]) if annotation is not None else ""


def parameters(tree: SyntaxTree, function: Node) -> tuple[Parameter, ...]:
    """In order, without `this`. A pattern is named by its place, `param0` for the first, as JSDoc's tools do."""
    single = function.child_by_field_name("parameter")
    if single is not None:
        return (Parameter(name=tree.text_of(single)),)
    node = function.child_by_field_name("parameters")
    found: list[Parameter] = []
    for child in node.named_children if node is not None else []:
        parameter = _parameter(tree, child, f"param{len(found)}") if child.type not in COMMENTS else None
        if parameter is not None:
            found.append(parameter)
    return tuple(found)


def _parameter(tree: SyntaxTree, node: Node, by_place: str) -> Parameter | None:
    type_node = value = None
    pattern: Node | None = node
    if node.type in _TYPED:
        pattern, type_node, value = (node.child_by_field_name(each) for each in ("pattern", "type", "value"))
    elif node.type == "assignment_pattern":
        pattern, value = (node.child_by_field_name(each) for each in ("left", "right"))
    is_rest = pattern is not None and pattern.type == "rest_pattern"
    if pattern is not None and is_rest:
        pattern = next(iter(pattern.named_children), None)
    if pattern is None or pattern.type not in {"identifier", "undefined", *_PATTERNS}:
        return None
    parts = _parts(tree, pattern) if pattern.type == "object_pattern" else {}
    return Parameter(
        name=by_place if pattern.type in _PATTERNS else tree.text_of(pattern),
        type=type_of(tree, type_node),
        default=one_line(tree, value) if value is not None else "",
        kind=ParameterKind.VARIADIC if is_rest else ParameterKind.PLAIN,
        is_optional=value is not None or node.type == "optional_parameter",
        parts=tuple(parts),
        optional_parts=tuple(name for name, has_default in parts.items() if has_default),
    )


def _parts(tree: SyntaxTree, pattern: Node) -> dict[str, bool]:
    """The properties that an object's pattern names, and whether each has a default.

    What the pattern calls them is its own business.
    """
    names: dict[str, bool] = {}
    for child in pattern.named_children:
        if child.type == "pair_pattern":
            name = key_of(tree, child.child_by_field_name("key"))
            value = child.child_by_field_name("value")
            has_default = value is not None and value.type == "assignment_pattern"
        elif child.type == "object_assignment_pattern":
            name, has_default = key_of(tree, child.child_by_field_name("left")), True
        else:
            has_default = False
            name = tree.text_of(child) if child.type == "shorthand_property_identifier_pattern" else ""
        if _NAME.fullmatch(name):
            names[name] = has_default
    return names


def names_of_types(tree: SyntaxTree, definition: Node) -> tuple[str, ...]:
    """Names of generic parameters, without constraints and defaults."""
    node = definition.child_by_field_name("type_parameters")
    names = [child.child_by_field_name("name") for child in node.named_children] if node is not None else []
    return tuple(tree.text_of(name) for name in names if name is not None)

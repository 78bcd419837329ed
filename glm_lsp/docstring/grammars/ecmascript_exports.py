"""What a module of JavaScript or TypeScript exports by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_EXPORTS = ("exports", "module.exports")


def exported_names(tree: SyntaxTree) -> frozenset[str] | None:
    """Names that are exported after their definition or beside it; None for a module that exports nothing at all.

    What is defined in an `export` is not among them.
    """
    names: set[str] = set()
    has_any = False
    for statement in tree.root.named_children:
        if statement.type == "export_statement":
            has_any = True
            names.update(_of_statement(tree, statement))
        for name, left, right in _assignments(tree, statement):
            if is_exports(left) or is_exports(left.rpartition(".")[0]):
                has_any = True
                names.update([name] if name else [])
                names.update(_values(tree, right))
    return frozenset(names) if has_any else None


def is_exports(source: str) -> bool:
    """Whether an expression is CommonJS's object of exports."""
    return source in _EXPORTS


def last_right(node: Node) -> Node | None:
    """What is assigned in the end: `c` of `a = b = c`."""
    value: Node | None = node
    while value is not None and value.type == "assignment_expression":
        value = value.child_by_field_name("right")
    return value


def _of_statement(tree: SyntaxTree, statement: Node) -> Iterator[str]:
    if statement.child_by_field_name("source") is not None:
        return
    for child in statement.named_children:
        if child.type == "identifier":
            yield tree.text_of(child)
        for specifier in child.named_children if child.type == "export_clause" else []:
            name = specifier.child_by_field_name("name")
            if name is not None:
                yield tree.text_of(name)


def _assignments(tree: SyntaxTree, statement: Node) -> Iterator[tuple[str, str, Node]]:
    """The variable's name (empty without one), left and last right of each assignment of a statement."""
    for child in statement.named_children:
        name, value = "", child
        if child.type == "variable_declarator":
            declared, given = (child.child_by_field_name(each) for each in ("name", "value"))
            if declared is None or given is None:
                continue
            name, value = tree.text_of(declared), given
        last = last_right(value)
        each: Node | None = value
        while each is not None and each.type == "assignment_expression" and last is not None:
            left, each = (each.child_by_field_name(field) for field in ("left", "right"))
            if left is not None:
                yield name, tree.text_of(left), last


def _values(tree: SyntaxTree, node: Node) -> Iterator[str]:
    """The variables that an exported value is made of."""
    if node.type == "identifier":
        yield tree.text_of(node)
    for child in node.named_children if node.type == "object" else []:
        value = child.child_by_field_name("value") if child.type == "pair" else child
        if value is not None and value.type in ("identifier", "shorthand_property_identifier"):
            yield tree.text_of(value)

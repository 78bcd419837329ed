"""Python: modules, classes, functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import Entity, EntityKind, Parameter
from glm_lsp.docstring.grammars import python_docstring as docstring
from glm_lsp.docstring.grammars.nodes import one_line
from glm_lsp.docstring.grammars.python_body import Outcome, outcome
from glm_lsp.docstring.grammars.python_signature import names_of_types, parameters

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_STATEMENTS = frozenset(
    ["module", "block", "if_statement", "elif_clause", "else_clause", "try_statement", "except_clause",
     "finally_clause", "with_statement", "for_statement", "while_statement", "match_statement", "case_clause", "ERROR"]
)  # fmt: skip
"""What definitions may stand in."""
_NO_ATTRIBUTES = frozenset(["ClassVar", "InitVar", "KW_ONLY"])
"""Types of what instances do not have."""
_PROPERTIES = frozenset(["property", "cached_property", "abstractproperty", "setter", "getter", "deleter"])


@dataclass(frozen=True, slots=True)
class _Scope:
    """What surrounds a definition.

    Attributes:
        owner: classes around it, dotted, as far out as the next function.
        is_class: whether it stands in a class's own body.
    """

    owner: str = ""
    is_class: bool = False
    is_function: bool = False
    is_public: bool = True


def entities(tree: SyntaxTree) -> Iterator[Entity]:
    """The module, then everything defined in it, in source order.

    A module's `header_end` is where the line of its first statement begins, its docstring not counted.
    """
    yield _module(tree)
    waiting: list[tuple[Node, _Scope, Node | None]] = [(tree.root, _Scope(), None)]
    while waiting:
        node, scope, decorated = waiting.pop()
        if node.type in _STATEMENTS:
            waiting += [(child, scope, None) for child in reversed(node.named_children)]
        elif node.type == "decorated_definition":
            inner = node.child_by_field_name("definition")
            waiting += [(inner, scope, node)] if inner is not None else []
        elif node.type in ("function_definition", "class_definition"):
            name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
            if name is None or body is None:
                continue
            entity, inside = (_function if node.type == "function_definition" else _class)(
                tree, node, decorated or node, scope
            )
            yield entity
            waiting.append((body, inside, None))


def _module(tree: SyntaxTree) -> Entity:
    return Entity(
        kind=EntityKind.MODULE,
        name="",
        start=0,
        end=len(tree.text),
        header_end=docstring.module_header_end(tree),
        is_sound=not tree.root.has_error and not docstring.is_fixed(tree, tree.root),
        documentation=docstring.documentation(tree, tree.root),
        place=docstring.place_of_module(tree),
    )


def _function(tree: SyntaxTree, node: Node, whole: Node, scope: _Scope) -> tuple[Entity, _Scope]:
    name, decorators = _name(tree, node), _decorators(tree, whole)
    kind = _kind(name, decorators, scope)
    annotation = node.child_by_field_name("return_type")
    body = node.child_by_field_name("body")
    result = outcome(tree, body, one_line(tree, annotation) if annotation is not None else None)
    if kind is EntityKind.CONSTRUCTOR:
        result = Outcome(raises=result.raises)
    has_receiver = scope.is_class and "staticmethod" not in decorators
    entity = replace(
        _definition(tree, node, whole, scope),
        kind=kind,
        parameters=parameters(
            tree, node, has_receiver=has_receiver or (scope.is_class and name == "__new__")
        ),
        returns=result.returns,
        yields=result.yields,
        raises=result.raises,
        is_async=any(child.type == "async" for child in node.children),
        is_overload="overload" in decorators,
        overrides="override" in decorators,
    )
    return entity, _Scope(is_function=True, is_public=entity.is_public)


def _class(tree: SyntaxTree, node: Node, whole: Node, scope: _Scope) -> tuple[Entity, _Scope]:
    entity = replace(
        _definition(tree, node, whole, scope),
        kind=EntityKind.CLASS,
        attributes=_attributes(tree, node.child_by_field_name("body")),
    )
    inside = replace(scope, owner=entity.qualified_name, is_class=True, is_public=entity.is_public)
    return entity, inside


def _definition(tree: SyntaxTree, node: Node, whole: Node, scope: _Scope) -> Entity:
    """What functions and classes have in common."""
    name = _name(tree, node)
    return Entity(
        kind=EntityKind.FUNCTION,
        name=name,
        start=tree.offset_of(whole.start_byte),
        end=tree.offset_of(whole.end_byte),
        header_end=docstring.header_end(tree, node),
        owner=scope.owner if scope.is_class else "",
        type_parameters=names_of_types(tree, node),
        is_public=scope.is_public and (not name.startswith("_") or _is_dunder(name)),
        is_nested=scope.is_function,
        is_sound=not whole.has_error and not docstring.is_fixed(tree, node.child_by_field_name("body")),
        documentation=docstring.documentation(tree, node.child_by_field_name("body")),
        place=docstring.place(tree, node),
    )


def _name(tree: SyntaxTree, node: Node) -> str:
    name = node.child_by_field_name("name")
    return tree.text_of(name) if name is not None else ""


def _is_dunder(name: str) -> bool:
    return len(name) > 4 and name.startswith("__") and name.endswith("__")


def _kind(name: str, decorators: frozenset[str], scope: _Scope) -> EntityKind:
    if decorators & _PROPERTIES:
        return EntityKind.PROPERTY
    if not scope.is_class:
        return EntityKind.FUNCTION
    return EntityKind.CONSTRUCTOR if name == "__init__" else EntityKind.METHOD


def _decorators(tree: SyntaxTree, whole: Node) -> frozenset[str]:
    """The last names of decorators that are not called: `overload` of `@typing.overload`."""
    children = whole.named_children if whole.type == "decorated_definition" else []
    found = [
        child.named_children[0] for child in children if child.type == "decorator" and child.named_child_count
    ]
    names = (tree.text_of(node) for node in found if node.type in ("identifier", "attribute"))
    return frozenset(name.rpartition(".")[2].strip() for name in names)


def _attributes(tree: SyntaxTree, body: Node | None) -> tuple[Parameter, ...]:
    """Annotated names at class level that are public and belong to instances."""
    found: dict[str, Parameter] = {}
    for statement in body.named_children if body is not None else []:
        assignment = statement.named_children[0] if statement.type == "expression_statement" else None
        if assignment is None or assignment.type != "assignment":
            continue
        left, right = (assignment.child_by_field_name(field) for field in ("left", "right"))
        type_node = assignment.child_by_field_name("type")
        if left is None or left.type != "identifier" or type_node is None:
            continue
        name, type_ = tree.text_of(left), one_line(tree, type_node)
        if (
            not name.startswith("_")
            and type_.partition("[")[0].rpartition(".")[2].strip("'\" ") not in _NO_ATTRIBUTES
        ):
            default = one_line(tree, right) if right is not None else ""
            found.setdefault(
                name, Parameter(name=name, type=type_, default=default, is_optional=right is not None)
            )
    return tuple(found.values())

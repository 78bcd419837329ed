"""Definitions in Java: types of all kinds, methods, constructors, and the package where a file is about that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import Entity, EntityKind, Parameter, ParameterKind, Returned
from glm_lsp.docstring.grammars.above import Marks, above, end_before
from glm_lsp.docstring.grammars.given_back import name_given
from glm_lsp.docstring.grammars.nodes import COMMENTS, one_line, walk
from glm_lsp.docstring.grammars.thrown import Throwing, thrown

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_MARKS = Marks(
    # Since Java 23 lines of `///` are documentation, too, written in Markdown.
    documentation=re.compile(r"/\*\*(?![*/])|///(?!/)"),
    directive=re.compile(
        r"(//|/\*)\s*(noinspection\b|NOSONAR|NOPMD|CHECKSTYLE[.:\s]*OFF|@formatter:off|spotless:off|language=)"
    ),
)
_INTERFACES = frozenset(["interface_declaration", "annotation_type_declaration"])
_TYPES = _INTERFACES | {"class_declaration", "record_declaration", "enum_declaration"}
_CONSTRUCTORS = frozenset(["constructor_declaration", "compact_constructor_declaration"])
_METHODS = frozenset(["method_declaration", "annotation_type_element_declaration"])
_CATCHES_ALL = frozenset(["Exception", "Throwable"])
_LATER = frozenset(["lambda_expression", "class_body", *_TYPES])
"""What runs at another time than the code around it."""
_NAMES = frozenset(["type_identifier", "scoped_type_identifier", "generic_type"])


@dataclass(frozen=True, slots=True)
class _Owner:
    """The type around a member; the default is that of a file's top level."""

    name: str = ""
    kind: str = ""
    is_public: bool = True
    parameters: tuple[Parameter, ...] = ()


def entities(tree: SyntaxTree) -> Iterator[Entity]:
    """What can be documented, in source order; nothing of what stands within a method's body."""
    children = tree.root.children
    kinds = {child.type for child in children}
    if not kinds - {"package_declaration", "import_declaration"} - COMMENTS:
        # `package-info.java`
        yield from (
            _package(tree, index)
            for index, child in enumerate(children)
            if child.type == "package_declaration"
        )
    waiting = [*_each(tree.root, _Owner())]
    while waiting:
        siblings, index, owner = waiting.pop()
        node = siblings[index]
        if node.type in _TYPES:
            entity = _type(tree, siblings, index, owner)
            yield entity
            body = node.child_by_field_name("body")
            if body:
                waiting += _each(body, _Owner(entity.name, node.type, entity.is_public, entity.parameters))
        elif node.type in _METHODS | _CONSTRUCTORS:
            yield _member(tree, siblings, index, owner)
        elif node.type == "enum_body_declarations":
            waiting += _each(node, owner)


def _each(parent: Node, owner: _Owner) -> Iterator[tuple[Sequence[Node], int, _Owner]]:
    """Last first, as the waiting are taken from the end."""
    siblings = parent.children
    return ((siblings, index, owner) for index in reversed(range(len(siblings))))


def _package(tree: SyntaxTree, index: int) -> Entity:
    node, found = tree.root.children[index], above(tree, tree.root.children, index, _MARKS)
    return Entity(
        kind=EntityKind.MODULE,
        name="",
        start=0,
        end=len(tree.text),
        header_end=len(tree.text),
        is_sound=not node.has_error,
        place=found.place,
        documentation=found.documentation,
    )


def _type(tree: SyntaxTree, siblings: Sequence[Node], index: int, owner: _Owner) -> Entity:
    node, found = siblings[index], above(tree, siblings, index, _MARKS)
    body = node.child_by_field_name("body")
    return Entity(
        kind=EntityKind.CLASS,
        name=_field(tree, node, "name"),
        owner=owner.name,
        start=tree.offset_of(node.start_byte),
        end=tree.offset_of(node.end_byte),
        header_end=end_before(tree, body.start_byte if body else node.end_byte),
        parameters=tuple(_parameters(tree, node)),
        type_parameters=tuple(_type_parameters(tree, node)),
        is_public=_is_public(node, owner),
        is_sound=not node.has_error,
        place=found.place,
        documentation=found.documentation,
    )


def _member(tree: SyntaxTree, siblings: Sequence[Node], index: int, owner: _Owner) -> Entity:
    node, found = siblings[index], above(tree, siblings, index, _MARKS)
    body, type_ = node.child_by_field_name("body"), node.child_by_field_name("type")
    end = next((child.start_byte for child in node.children if child.type == ";"), node.end_byte)
    is_compact = node.type == "compact_constructor_declaration"
    return Entity(
        kind=EntityKind.CONSTRUCTOR if node.type in _CONSTRUCTORS else EntityKind.METHOD,
        name=_field(tree, node, "name"),
        owner=owner.name,
        start=tree.offset_of(node.start_byte),
        end=tree.offset_of(node.end_byte),
        header_end=end_before(tree, body.start_byte if body else end),
        # A compact constructor takes what its record does.
        parameters=owner.parameters if is_compact else tuple(_parameters(tree, node)),
        type_parameters=tuple(_type_parameters(tree, node)),
        returns=_returned(tree, type_, body),
        raises=tuple(dict.fromkeys(_raised(tree, node, body))),
        is_public=_is_public(node, owner),
        overrides="@Override" in (tree.text_of(each).replace(" ", "") for each in _modifiers(node)),
        is_sound=not node.has_error,
        place=found.place,
        documentation=found.documentation,
    )


def _returned(tree: SyntaxTree, type_: Node | None, body: Node | None) -> Returned | None:
    if type_ is None or type_.type == "void_type":
        return None
    statements = (each for each in walk(body, _LATER) if each.type == "return_statement") if body else ()
    return Returned(
        one_line(tree, type_),
        name_given(tree, (each.named_children[0] for each in statements if each.named_children)),
    )


def _field(tree: SyntaxTree, node: Node, field: str) -> str:
    child = node.child_by_field_name(field)
    return tree.text_of(child) if child else ""


def _modifiers(node: Node) -> Iterator[Node]:
    return (each for child in node.children if child.type == "modifiers" for each in child.children)


def _is_public(node: Node, owner: _Owner) -> bool:
    """Whether code of other packages sees it, or may by inheritance."""
    words = {each.type for each in _modifiers(node)}
    if not owner.is_public or "private" in words:
        return False
    return owner.kind in _INTERFACES or bool({"public", "protected"} & words)


def _parameters(tree: SyntaxTree, node: Node) -> Iterator[Parameter]:
    parameters = node.child_by_field_name("parameters")
    for parameter in parameters.named_children if parameters else ():
        if parameter.type == "formal_parameter":
            name, type_ = parameter.child_by_field_name("name"), parameter.child_by_field_name("type")
            dimensions = parameter.child_by_field_name("dimensions")
            if name and type_:
                source = one_line(tree, type_)
                source += one_line(tree, dimensions) if source and dimensions else ""
                yield Parameter(name=tree.text_of(name), type=source)
        elif parameter.type == "spread_parameter":
            declarator = next(
                (each for each in parameter.named_children if each.type == "variable_declarator"), None
            )
            kinds = [each for each in parameter.named_children if each.type not in {"modifiers", *COMMENTS}]
            if declarator:
                yield Parameter(
                    name=_field(tree, declarator, "name"),
                    type=one_line(tree, kinds[0]),
                    kind=ParameterKind.VARIADIC,
                )


def _type_parameters(tree: SyntaxTree, node: Node) -> Iterator[str]:
    parameters = node.child_by_field_name("type_parameters") or next(
        (child for child in node.children if child.type == "type_parameters"), None
    )
    for parameter in parameters.named_children if parameters else ():
        names = [each for each in parameter.named_children if each.type in {"type_identifier", "identifier"}]
        yield from map(tree.text_of, names[:1])


def _raised(tree: SyntaxTree, node: Node, body: Node | None) -> Iterator[str]:
    for clause in node.children:
        if clause.type == "throws":
            yield from (one_line(tree, each) for each in clause.named_children if each.type in _NAMES)
    if body:
        yield from thrown(tree, body, _THROWING)


def _exception(tree: SyntaxTree, statement: Node) -> str:
    """The class of `throw new X(...)`; empty for variables and calls."""
    value = next((each for each in statement.named_children if each.type not in COMMENTS), None)
    if value is None or value.type != "object_creation_expression":
        return ""
    type_ = value.child_by_field_name("type")
    return one_line(tree, type_) if type_ else ""


def _caught(tree: SyntaxTree, clause: Node) -> Iterator[str]:
    for parameter in clause.named_children:
        if parameter.type == "catch_formal_parameter":
            kinds = (child for child in parameter.named_children if child.type == "catch_type")
            yield from (tree.text_of(each) for kind in kinds for each in kind.named_children)


_THROWING = Throwing(
    tries=frozenset(["try_statement", "try_with_resources_statement"]),
    not_into=_LATER,
    exception=_exception,
    caught=_caught,
    catches_all=_CATCHES_ALL,
)

"""Definitions in Go: the package, types, functions, methods, and the methods that interfaces ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import Entity, EntityKind, Parameter, ParameterKind, Returned
from glm_lsp.docstring.grammars.above import Above, end_before
from glm_lsp.docstring.grammars.given_back import name_given
from glm_lsp.docstring.grammars.nodes import (
    COMMENTS,
    comments_above,
    documentation_of,
    one_line,
    place_above,
    walk,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_DIRECTIVE = re.compile(r"//(line |extern |export |nolint|nosec|#nosec|\s*\+build |[a-z0-9]+:[a-z0-9])")
"""Comments to the compiler and to linters. Those of the compiler have no blank behind the slashes."""
_BUILD_CONSTRAINT = re.compile(r"//(go:build|\s*\+build) ")
_EMPTY = re.compile(r"//\s*|/\*\s*\*/")
_TYPE_NAMES = frozenset(["type_identifier", "identifier"])
_SPECIFICATIONS = frozenset(["type_spec", "type_alias"])


def entities(tree: SyntaxTree) -> Iterator[Entity]:
    """What can be documented at the top level of a file, in source order, the package first."""
    siblings = tree.root.children
    for index, node in enumerate(siblings):
        if node.type == "package_clause":
            yield _package(tree, siblings, index)
        elif node.type in {"function_declaration", "method_declaration"}:
            yield _function(tree, node, _above(tree, siblings, index))
        elif node.type == "type_declaration":
            yield from _types(tree, siblings, index)


def _package(tree: SyntaxTree, siblings: Sequence[Node], index: int) -> Entity:
    node = siblings[index]
    found = _above(tree, siblings, index)
    directives = [
        comment for comment in comments_above(tree, siblings, index) if _is_directive(tree, comment)
    ]
    place = found.place
    if any(_BUILD_CONSTRAINT.match(tree.text_of(directive)) for directive in directives):
        # It has to stand above an empty line, or it is none; whether this one is meant to be one, nobody can tell.
        place = None
    name = next((child for child in node.named_children if child.type == "package_identifier"), None)
    below = next(
        (each for each in siblings[index + 1 :] if each.type not in COMMENTS and each.is_named), None
    )
    return Entity(
        kind=EntityKind.MODULE,
        name=tree.text_of(name) if name else "",
        start=0,
        end=len(tree.text),
        header_end=tree.offset_of(below.start_byte) if below else len(tree.text),
        is_sound=not node.has_error,
        place=place,
        documentation=found.documentation,
    )


def _types(tree: SyntaxTree, siblings: Sequence[Node], index: int) -> Iterator[Entity]:
    declaration = siblings[index]
    members = declaration.children
    is_grouped = any(child.type == "(" for child in members)
    for number, node in enumerate(members):
        if node.type not in _SPECIFICATIONS:
            continue
        found = _above(tree, members, number) if is_grouped else _above(tree, siblings, index)
        type_ = _type(tree, node, node if is_grouped else declaration, found)
        yield type_
        body = node.child_by_field_name("type")
        if body is not None and body.type == "interface_type":
            for at, member in enumerate(body.children):
                if member.type == "method_elem":
                    yield _function(tree, member, _above(tree, body.children, at), type_)


def _type(tree: SyntaxTree, node: Node, whole: Node, found: Above) -> Entity:
    name = _name(tree, node)
    body = node.child_by_field_name("type")
    members = (
        next((child for child in body.children if child.type in {"{", "field_declaration_list"}), None)
        if body
        else None
    )
    return Entity(
        kind=EntityKind.CLASS,
        name=name,
        start=tree.offset_of(whole.start_byte),
        end=tree.offset_of(whole.end_byte),
        header_end=end_before(tree, members.start_byte if members else node.end_byte),
        type_parameters=_type_parameters(tree, node),
        is_public=_is_exported(name),
        is_sound=not whole.has_error,
        place=found.place,
        documentation=found.documentation,
    )


def _function(tree: SyntaxTree, node: Node, found: Above, interface: Entity | None = None) -> Entity:
    name, body, result = (
        _name(tree, node),
        node.child_by_field_name("body"),
        node.child_by_field_name("result"),
    )
    owner = interface.name if interface else _receiver(tree, node)
    is_method = interface is not None or node.type == "method_declaration"
    has_result = result is not None and (result.type != "parameter_list" or result.named_child_count > 0)
    return Entity(
        kind=EntityKind.METHOD if is_method else EntityKind.FUNCTION,
        name=name,
        owner=owner,
        start=tree.offset_of(node.start_byte),
        end=tree.offset_of(node.end_byte),
        header_end=end_before(tree, body.start_byte if body else node.end_byte),
        parameters=tuple(_parameters(tree, node)),
        type_parameters=_type_parameters(tree, node),
        returns=_returned(tree, result, body) if has_result and result is not None else None,
        is_public=_is_exported(name) and (not is_method or _is_exported(owner)),
        is_sound=not node.has_error and bool(name),
        place=found.place,
        documentation=found.documentation,
    )


def _returned(tree: SyntaxTree, result: Node, body: Node | None) -> Returned:
    statements = (
        (each for each in walk(body, {"func_literal"}) if each.type == "return_statement") if body else ()
    )
    lists = [each.named_children[0] for each in statements if each.named_child_count]
    # Of several results no one is the result.
    is_single = result.type != "parameter_list" and all(each.named_child_count == 1 for each in lists)
    name = name_given(tree, (each.named_children[0] for each in lists)) if is_single else ""
    return Returned(one_line(tree, result), name)


def _name(tree: SyntaxTree, node: Node) -> str:
    name = node.child_by_field_name("name")
    return tree.text_of(name) if name else ""


def _receiver(tree: SyntaxTree, node: Node) -> str:
    """The name of the type that a method belongs to, without a pointer's star and type arguments."""
    receiver = node.child_by_field_name("receiver")
    declaration = next(iter(receiver.named_children), None) if receiver else None
    type_ = declaration.child_by_field_name("type") if declaration else None
    if type_ is None:
        return ""
    return next((tree.text_of(each) for each in walk(type_) if each.type in _TYPE_NAMES), "")


def _parameters(tree: SyntaxTree, node: Node) -> Iterator[Parameter]:
    parameters = node.child_by_field_name("parameters")
    for declaration in parameters.named_children if parameters else ():
        type_ = declaration.child_by_field_name("type")
        is_variadic = declaration.type == "variadic_parameter_declaration"
        for name in map(tree.text_of, declaration.children_by_field_name("name")):
            if name != "_":
                yield Parameter(
                    name=name,
                    type=one_line(tree, type_) if type_ else "",
                    kind=ParameterKind.VARIADIC if is_variadic else ParameterKind.PLAIN,
                )


def _type_parameters(tree: SyntaxTree, node: Node) -> tuple[str, ...]:
    parameters = node.child_by_field_name("type_parameters")
    declarations = parameters.named_children if parameters else []
    names = (name for each in declarations for name in each.children_by_field_name("name"))
    return tuple(tree.text_of(name) for name in names if name.is_named)


def _above(tree: SyntaxTree, siblings: Sequence[Node], index: int) -> Above:
    """As Go's tools read it: every comment directly above is documentation, but for directives."""
    comments = list(comments_above(tree, siblings, index))
    top = siblings[index]
    while comments and _is_directive(tree, comments[-1]):
        top = comments.pop()
    place = place_above(tree, tree.offset_of(top.start_byte))
    if place and place.before:
        # What stands behind a bracket on one line is left on one line.
        place = None
    if place and top != siblings[index]:
        # As gofmt parts them.
        place = replace(place, after=f"\n{place.indent}//{place.after}")
    # An empty comment parts directives from the text.
    while comments and _EMPTY.fullmatch(tree.text_of(comments[-1]).strip()):
        comments.pop()
    first = len(comments)
    while first and not _is_directive(tree, comments[first - 1]):
        first -= 1
    return Above(place, documentation_of(tree, comments[first:]))


def _is_directive(tree: SyntaxTree, comment: Node) -> bool:
    return _DIRECTIVE.match(tree.text_of(comment)) is not None


def _is_exported(name: str) -> bool:
    return name[:1].isupper()

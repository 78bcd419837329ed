"""JavaScript and TypeScript, with JSX: functions however they are bound, classes, interfaces, methods."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.grammars.ecmascript_body import FUNCTIONS
from glm_lsp.docstring.grammars.ecmascript_entity import Scope, Site, function_entity, site, type_entity
from glm_lsp.docstring.grammars.ecmascript_exports import exported_names, is_exports, last_right
from glm_lsp.docstring.grammars.ecmascript_signature import key_of
from glm_lsp.docstring.grammars.nodes import COMMENTS

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

    _Waiting = tuple[Sequence[Node], int, Scope]
    _Found = tuple[Entity | None, list[_Waiting]]
    """What a node defines, and what is to be looked at within it."""

_SIGNATURES = frozenset(["function_signature", "method_signature", "abstract_method_signature"])
_CLASSES = frozenset(["class_declaration", "abstract_class_declaration", "class"])
_TYPES = _CLASSES | {"interface_declaration", "enum_declaration", "type_alias_declaration"}
_STATEMENTS = (_TYPES - {"class"}) | {
    "function_declaration",
    "generator_function_declaration",
    "function_signature",
}
_VALUES = FUNCTIONS | _CLASSES | {"object"}
"""What gets documented by the name it is bound to."""
_MEMBERS = FUNCTIONS | _SIGNATURES | {"field_definition", "public_field_definition", "pair"}
_WRAPPERS = frozenset(["export_statement", "ambient_declaration", "expression_statement"])
_NAMESPACES = frozenset(["internal_module", "module"])
_DECLARATIONS = frozenset(["lexical_declaration", "variable_declaration"])
_INTERFACE_BODIES = frozenset(["interface_body", "object_type"])
_DOTTED = re.compile(r"[\w$]+(\.[\w$]+)+")
_NAMELESS = frozenset(["", "default", "exports"])
_MAX_DEPTH = 8
"""Objects in objects whose methods are looked at."""


def entities(tree: SyntaxTree) -> Iterator[Entity]:
    """All definitions, those within functions, too.

    What a module exports without a name is called `default` or `exports`.
    """
    waiting = _each(tree.root, Scope(exported=exported_names(tree)))
    while waiting:
        siblings, index, scope = waiting.pop()
        found = _found(tree, siblings, index, scope)
        yield from (entity for entity, _ in found if entity is not None)
        for _, inside in reversed(found):
            waiting += inside


def _each(parent: Node, scope: Scope) -> list[_Waiting]:
    """Last first, as the waiting are taken from the end."""
    siblings = parent.children
    return [
        (siblings, index, scope) for index in reversed(range(len(siblings))) if siblings[index].child_count
    ]


def _found(tree: SyntaxTree, siblings: Sequence[Node], index: int, scope: Scope) -> list[_Found]:
    node = siblings[index]
    if scope.kind:
        return [_member(tree, siblings, index, scope)]
    inner, scope, is_exported = _unwrapped(node, scope)
    if inner.type in _DECLARATIONS:
        return _declared(tree, siblings, index, inner, scope)
    if inner.type == "assignment_expression":
        return [_assigned(tree, site(tree, siblings, index, scope), inner)]
    if inner.type in _STATEMENTS or (is_exported and inner.type in _VALUES):
        return [_bound(tree, site(tree, siblings, index, scope), inner, "default", "")]
    return [(None, _within(tree, inner, scope))]


def _unwrapped(node: Node, scope: Scope) -> tuple[Node, Scope, bool]:
    """The definition in a statement, the scope for it, and whether the statement exports it."""
    is_exported = False
    while node.type in _WRAPPERS:
        named = [child for child in node.named_children if child.type not in COMMENTS | {"decorator"}]
        if not named:
            break
        is_exported = is_exported or node.type == "export_statement"
        if node.type == "ambient_declaration":
            scope = replace(scope, is_ambient=True)
        node = named[0]
    return node, replace(scope, exported=None) if is_exported else scope, is_exported


def _within(tree: SyntaxTree, node: Node, scope: Scope) -> list[_Waiting]:
    """What is in a node that defines nothing itself."""
    if node.type in FUNCTIONS:
        return _each(node, scope.within_function())
    body = node.child_by_field_name("body")
    if node.type in _NAMESPACES and body is not None:
        name = node.child_by_field_name("name")
        shows = scope.shows(tree.text_of(name).partition(".")[0] if name is not None else "")
        exported: frozenset[str] | None = None if scope.is_ambient else frozenset()
        return _each(body, replace(scope, is_public=shows, exported=exported))
    return _each(node, scope.within_code())


def _declared(
    tree: SyntaxTree, siblings: Sequence[Node], index: int, declaration: Node, scope: Scope
) -> list[_Found]:
    """Functions, classes and objects that variables are bound to; the statement's comments are the first one's."""
    found: list[_Found] = []
    places: list[tuple[Sequence[Node], int]] = [(siblings, index)]
    for at, child in enumerate(declaration.children):
        if child.type != "variable_declarator":
            continue
        name, value = (child.child_by_field_name(each) for each in ("name", "value"))
        value = last_right(value) if value is not None else None
        place = places.pop() if places else (declaration.children, at)
        if name is not None and value is not None and value.type in _VALUES:
            found.append(_bound(tree, site(tree, *place, scope), value, tree.text_of(name), ""))
        else:
            found.append((None, _each(child, scope.within_code())))
    return found


def _assigned(tree: SyntaxTree, at: Site, assignment: Node) -> _Found:
    """`exports.a = ...`, `A.prototype.b = ...`, `a.b = ...`."""
    left, value = assignment.child_by_field_name("left"), last_right(assignment)
    if left is None or value is None or value.type not in _VALUES:
        return None, _each(assignment, at.scope.within_code())
    target = tree.text_of(left)
    owner, _, name = target.rpartition(".")
    shown = replace(at, scope=replace(at.scope, exported=None))
    if is_exports(target):
        return _bound(tree, shown, value, "exports", "")
    if is_exports(owner):
        return _bound(tree, shown, value, name, "")
    if not _DOTTED.fullmatch(target) or owner == "this":
        return None, _within(tree, value, at.scope)
    owner = owner.removeprefix("module.").removeprefix("exports.").removesuffix(".prototype")
    shows = at.scope.shows(owner.partition(".")[0])
    return _bound(tree, replace(at, scope=replace(shown.scope, is_public=shows)), value, name, owner)


def _member(tree: SyntaxTree, siblings: Sequence[Node], index: int, scope: Scope) -> _Found:
    """A member of a class, an interface or a named object."""
    node = siblings[index]
    keys = (node.child_by_field_name(each) for each in ("name", "property", "key"))
    name = key_of(tree, next((key for key in keys if key is not None), None))
    inner = node if node.type in FUNCTIONS | _SIGNATURES else node.child_by_field_name("value")
    kinds = (_VALUES if scope.kind == "object" else FUNCTIONS | _CLASSES) | _SIGNATURES
    if (
        node.type not in _MEMBERS
        or inner is None
        or inner.type not in kinds
        or not name
        or scope.depth > _MAX_DEPTH
    ):
        return None, _each(node, scope.within_function())
    modifiers = (tree.text_of(child) for child in node.children if child.type == "accessibility_modifier")
    is_shown = scope.is_public and not name.startswith(("_", "#")) and "private" not in modifiers
    at = site(tree, siblings, index, replace(scope, is_public=is_shown, exported=None))
    return _bound(tree, at, inner, name, scope.owner)


def _bound(tree: SyntaxTree, at: Site, node: Node, name: str, owner: str) -> _Found:
    """A function, a type or an object under a name; declarations have one of their own."""
    own = node.child_by_field_name("name")
    if own is not None and (name in _NAMELESS or node.type not in _VALUES):
        name = key_of(tree, own)
    scope = at.scope
    inside = Scope(is_public=scope.shows(name), is_nested=scope.is_nested, is_ambient=scope.is_ambient)
    if node.type == "object":
        owner = ".".join(part for part in (owner, name) if part not in _NAMELESS)
        return None, _each(node, replace(inside, owner=owner, kind="object", depth=scope.depth + 1))
    if node.type not in _TYPES:
        function = function_entity(tree, at, node, name, owner)
        has_body = node.child_by_field_name("body") is not None
        return function, _each(node, inside.within_function()) if has_body else []
    entity = type_entity(tree, at, node, name, owner)
    body = node.child_by_field_name("body") or node.child_by_field_name("value")
    if entity is None or body is None or node.type == "enum_declaration":
        return entity, []
    kind = "interface" if body.type in _INTERFACE_BODIES else "class"
    return entity, _each(body, replace(inside, owner=entity.qualified_name, kind=kind))

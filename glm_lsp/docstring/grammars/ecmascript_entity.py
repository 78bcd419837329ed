"""What a definition of JavaScript or TypeScript is, once it is found: its place, documentation, signature, outcome."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import Entity, EntityKind
from glm_lsp.docstring.grammars.above import Above, Marks, above, end_before
from glm_lsp.docstring.grammars.ecmascript_body import is_generator, raised, returned, yielded
from glm_lsp.docstring.grammars.ecmascript_signature import names_of_types, parameters
from glm_lsp.docstring.grammars.nodes import COMMENTS, documentation_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

MARKS = Marks(
    # More stars are ornament; files and types that stand nowhere else have comments of their own.
    documentation=re.compile(
        r"/\*\*(?![*/])(?![\s\S]*@(?:license|file|fileoverview|overview|module|packageDocumentation|typedef|callback"
        r"|copyright|preserve)\b)"
    ),
    directive=re.compile(
        r"(?://|/\*)\s*(?:@ts-|eslint-|prettier-ignore|istanbul\b|[cv]8\b|biome-ignore|[@#]__|tslint:|deno-|oxlint-"
        r"|dprint-ignore|jshint\b|jscs:|@jsx|flow\b|@flow|\$Flow|webpack|@vite-ignore|stylelint-|noinspection\b|@formatter)"
    ),
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What surrounds a definition; the default is a module's top level.

    Attributes:
        owner: the class, interface or object around, dotted where one is in another.
        kind: `class`, `interface` or `object` in their bodies, else empty.
        exported: names that are seen from outside by an export elsewhere; None for all.
    """

    owner: str = ""
    kind: str = ""
    is_public: bool = True
    is_nested: bool = False
    is_ambient: bool = False
    exported: frozenset[str] | None = None
    depth: int = 0

    def shows(self, name: str) -> bool:
        """Whether others see what is defined here under a name."""
        return self.is_public and (self.exported is None or name in self.exported)

    def within_function(self) -> Scope:
        """In a function's body."""
        return Scope(is_public=self.is_public, is_nested=True)

    def within_code(self) -> Scope:
        """In a block or an expression, whose objects belong to nobody."""
        return replace(self, owner="", kind="") if self.kind else self


@dataclass(frozen=True, slots=True)
class Site:
    """A definition's statement or member: where its documentation is, and what surrounds it.

    Attributes:
        whole: the statement with decorators and `export`; `start_byte` counts those before it, too.
    """

    whole: Node
    start_byte: int
    above: Above
    scope: Scope


def site(tree: SyntaxTree, siblings: Sequence[Node], index: int, scope: Scope) -> Site:
    """Of `siblings[index]`, all of them children of one node.

    Decorators of TypeScript's methods are siblings; comments may be among them.
    """
    first = at = index
    while at and siblings[at - 1].type in COMMENTS | {"decorator"}:
        at -= 1
        first = at if siblings[at].type == "decorator" else first
    found = above(tree, siblings, first, MARKS)
    if found.documentation is None:
        between = [*siblings[first:index], *siblings[index].children]
        end = next((at for at, node in enumerate(between) if node.type not in COMMENTS | {"decorator"}), 0)
        marked = [node for node in between[:end] if MARKS.documentation.match(tree.text_of(node))]
        found = Above(found.place, documentation_of(tree, marked[-1:]))
    return Site(siblings[index], siblings[first].start_byte, found, scope)


def type_entity(tree: SyntaxTree, at: Site, node: Node, name: str, owner: str) -> Entity | None:
    """A class, interface or enumeration; None for a type alias that has no members."""
    body = node.child_by_field_name("body") or node.child_by_field_name("value")
    if body is None or (node.type == "type_alias_declaration" and body.type != "object_type"):
        return None
    entity = _definition(tree, at, node, name, owner)
    return replace(entity, kind=EntityKind.CLASS, header_end=end_before(tree, body.start_byte))


def function_entity(tree: SyntaxTree, at: Site, node: Node, name: str, owner: str) -> Entity:
    """A function, a method, an accessor, or the signature of one."""
    scope, tokens = at.scope, {child.type for child in node.children}
    kind = EntityKind.METHOD if owner or scope.kind else EntityKind.FUNCTION
    if tokens & {"get", "set"}:
        kind = EntityKind.PROPERTY
    elif name == "constructor" and scope.kind == "class":
        kind = EntityKind.CONSTRUCTOR
    has_star = is_generator(node)
    has_value = not has_star and kind is not EntityKind.CONSTRUCTOR
    is_signature = node.type in ("function_signature", "method_signature")
    return replace(
        _definition(tree, at, node, name, owner),
        kind=kind,
        parameters=parameters(tree, node),
        returns=returned(tree, node) if has_value else None,
        yields=yielded(tree, node) if has_star else None,
        raises=raised(tree, node),
        is_async="async" in tokens,
        is_overload=is_signature and not scope.is_ambient and scope.kind != "interface",
        overrides="override_modifier" in {child.type for child in at.whole.children},
    )


def _definition(tree: SyntaxTree, at: Site, node: Node, name: str, owner: str) -> Entity:
    """What functions and types have in common."""
    body = node.child_by_field_name("body")
    end = next((child.start_byte for child in node.children if child.type == ";"), node.end_byte)
    return Entity(
        kind=EntityKind.FUNCTION,
        name=name,
        owner=owner,
        start=tree.offset_of(at.start_byte),
        end=tree.offset_of(at.whole.end_byte),
        header_end=end_before(tree, body.start_byte if body is not None else end),
        type_parameters=names_of_types(tree, node),
        is_public=at.scope.shows(name),
        is_nested=at.scope.is_nested,
        is_sound=not at.whole.has_error,
        place=at.above.place if at.above.documentation is None else None,
        documentation=at.above.documentation,
    )

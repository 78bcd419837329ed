"""Definitions in C and C++: types with a body, functions and methods, declared or defined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from glm_lsp.completion.lines import line_start
from glm_lsp.docstring.entity import Entity, EntityKind, Returned
from glm_lsp.docstring.grammars.above import Above, above, end_before
from glm_lsp.docstring.grammars.c_declarators import (
    FunctionDeclarator,
    function_declarator,
    parameters,
    type_parameters,
    type_text,
)
from glm_lsp.docstring.grammars.c_exceptions import THROWING
from glm_lsp.docstring.grammars.c_macros import without_macros
from glm_lsp.docstring.grammars.c_marks import C_MARKS
from glm_lsp.docstring.grammars.given_back import name_given
from glm_lsp.docstring.grammars.nodes import one_line, walk
from glm_lsp.docstring.grammars.thrown import thrown

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_CLASSES = frozenset(["class_specifier", "struct_specifier", "union_specifier"])
_TYPES = _CLASSES | {"enum_specifier"}
_DECLARATIONS = frozenset(["declaration", "field_declaration", "function_definition", "type_definition"])
_WALKED = frozenset(
    [
        "declaration_list",
        "linkage_specification",
        "preproc_if",
        "preproc_ifdef",
        "preproc_elif",
        "preproc_elifdef",
        "preproc_else",
    ]
)
_NOT_ITS_OWN = frozenset(["lambda_expression", *_TYPES])


@dataclass(frozen=True, slots=True)
class _Scope:
    """What surrounds a definition.

    Attributes:
        owner: name of the class around.
        is_public: whether what is declared here is seen from outside.
        templates: `template<...>` that belong to the definition, outermost first.
        whole: the outermost of these, or an `extern "C"` in front of one definition.
    """

    owner: str = ""
    is_public: bool = True
    templates: tuple[Node, ...] = ()
    whole: Node | None = None


_Waiting: TypeAlias = "tuple[Sequence[Node], int, _Scope, Above | None]"
"""Siblings, number of one of them, what surrounds it, and what is above it where that is above a template."""


def entities(tree: SyntaxTree) -> Iterator[Entity]:
    """What can be documented, in source order; macros, variables and what is within functions is not."""
    trees = dict.fromkeys([without_macros(tree), tree])
    # The parser may lose its way for good where macros were, too.
    found = max(([*_found(each)] for each in trees), key=_num_sound)
    declared = Counter(_key(entity) for entity, has_body in found if not has_body)
    for entity, has_body in found:
        documentation = entity.documentation
        if documentation:
            # Of the document itself: in one full of errors, macros may have been taken out of comments.
            source = tree.text[documentation.start : documentation.end]
            documentation = replace(documentation, text=source)
        # A function that is declared in this document, too, is documented there.
        is_overload = has_body and declared[_key(entity)] > 0
        yield replace(entity, is_overload=is_overload, documentation=documentation)


def _num_sound(found: Sequence[tuple[Entity, bool]]) -> int:
    return sum(entity.is_sound for entity, _ in found)


def _key(entity: Entity) -> tuple[str, str, int]:
    return entity.owner, entity.name, len(entity.parameters)


def _found(tree: SyntaxTree) -> Iterator[tuple[Entity, bool]]:
    """Entities, and whether each has a body."""
    waiting = [*_each(tree.root, _Scope())]
    while waiting:
        siblings, index, scope, outer = waiting.pop()
        node = siblings[index]
        if node.type == "namespace_definition":
            # A namespace without a name is for this file alone.
            is_public = scope.is_public and node.child_by_field_name("name") is not None
            waiting += _each(node, replace(scope, is_public=is_public))
        elif node.type == "template_declaration":
            scope = replace(scope, templates=(*scope.templates, node), whole=scope.whole or node)
            waiting += _within(node, scope, outer or above(tree, siblings, index, C_MARKS))
        elif node.type == "linkage_specification" and not _is_block(node):
            scope = replace(scope, whole=scope.whole or node)
            waiting += _within(node, scope, outer or above(tree, siblings, index, C_MARKS))
        elif node.type in _WALKED:
            waiting += _each(node, scope)
        elif node.type in _TYPES or node.type in _DECLARATIONS:
            definition = _Definition(tree, node, scope, outer or above(tree, siblings, index, C_MARKS))
            type_, body = definition.type_entity()
            if type_:
                yield type_, True
                if body:
                    waiting += _members(body, definition.type_kind, type_)
            else:
                function = definition.function_entity()
                if function:
                    yield function, node.type == "function_definition"


def _each(parent: Node, scope: _Scope) -> Iterator[_Waiting]:
    """Last first, as the waiting are taken from the end."""
    return _within(parent, scope, None)


def _within(parent: Node, scope: _Scope, outer: Above | None) -> Iterator[_Waiting]:
    siblings = parent.children
    return ((siblings, index, scope, outer) for index in reversed(range(len(siblings))))


def _is_block(linkage: Node) -> bool:
    """`extern "C" { ... }`."""
    body = linkage.child_by_field_name("body")
    return body is not None and body.type == "declaration_list"


def _members(body: Node, kind: str, owner: Entity) -> Iterator[_Waiting]:
    """Members of a class, last first, each public or not."""
    siblings, is_public = body.children, kind != "class_specifier"
    visible = []
    for node in siblings:
        if node.type == "access_specifier":
            is_public = not any(child.type == "private" for child in node.children)
        visible.append(is_public)
    for index in reversed(range(len(siblings))):
        yield siblings, index, _Scope(owner.name, owner.is_public and visible[index]), None


@dataclass(frozen=True, slots=True)
class _Definition:
    """A node that may define something."""

    tree: SyntaxTree
    node: Node
    scope: _Scope
    found: Above

    @property
    def _whole(self) -> Node:
        return self.scope.whole or self.node

    @property
    def _type(self) -> Node | None:
        return self.node if self.node.type in _TYPES else self.node.child_by_field_name("type")

    @property
    def type_kind(self) -> str:
        """What the type is: a kind of node."""
        return self._type.type if self._type else ""

    def type_entity(self) -> tuple[Entity | None, Node | None]:
        """A type that is defined here, and the body with its members."""
        type_ = self._type
        body = type_.child_by_field_name("body") if type_ else None
        if type_ is None or body is None or type_.type not in _TYPES:
            return None, None
        entity = Entity(
            kind=EntityKind.CLASS,
            name=self._type_name(type_),
            owner=self.scope.owner,
            start=self.tree.offset_of(self._whole.start_byte),
            end=self.tree.offset_of(self._whole.end_byte),
            header_end=end_before(self.tree, body.start_byte),
            type_parameters=tuple(type_parameters(self.tree, self.scope.templates)),
            is_public=self.scope.is_public,
            # A macro that the grammar cannot read somewhere in a large class says nothing about its head.
            is_sound=not any(child.has_error for child in type_.children if child.id != body.id),
            place=None if _is_spliced(self.tree, self._whole) else self.found.place,
            documentation=self.found.documentation,
        )
        return (entity if entity.name else None), body

    def _type_name(self, type_: Node) -> str:
        """Its own name, or the first one that a `typedef` gives it; empty for a type without a name."""
        name = type_.child_by_field_name("name")
        if name is None and self.node.type == "type_definition":
            names = self.node.children_by_field_name("declarator")
            name = next((each for each in names if each.type == "type_identifier"), None)
        while name is not None and name.type in {"template_type", "qualified_identifier"}:
            name = name.child_by_field_name("name")
        return self.tree.text_of(name) if name else ""

    def function_entity(self) -> Entity | None:
        """A function that is declared or defined here; None for anything else."""
        node, tree = self.node, self.tree
        declarators = node.children_by_field_name("declarator")
        if node.type == "type_definition" or len(declarators) != 1:
            return None
        declarator = function_declarator(tree, declarators[0])
        kind = self._kind(declarator) if declarator else None
        if declarator is None or kind is None:
            return None
        body = node.child_by_field_name("body")
        templates = self.scope.templates
        if declarator.name.is_of_template:
            # The first is that of the class.
            templates = templates[1:]
        words = {child.type for child in declarator.node.children if child.type == "virtual_specifier"}
        specifiers = {
            tree.text_of(child) for child in node.children if child.type == "storage_class_specifier"
        }
        return Entity(
            kind=kind,
            name=declarator.name.name,
            owner=declarator.name.scope or self.scope.owner,
            start=tree.offset_of(self._whole.start_byte),
            end=tree.offset_of(self._whole.end_byte),
            header_end=end_before(tree, self._header_end_byte(body)),
            parameters=tuple(parameters(tree, declarator.node)),
            type_parameters=tuple(type_parameters(tree, templates)),
            returns=None if kind is EntityKind.CONSTRUCTOR else self._returns(declarator, body),
            raises=tuple(dict.fromkeys(thrown(tree, body, THROWING))) if body else (),
            # `static inline` is what headers have instead of templates.
            is_public=self.scope.is_public
            and (bool(self.scope.owner) or "static" not in specifiers or "inline" in specifiers),
            overrides=bool(words),
            is_sound=not self._whole.has_error and not _is_old_style(declarator),
            place=None if _is_spliced(tree, self._whole) else self.found.place,
            documentation=self.found.documentation,
        )

    def _kind(self, declarator: FunctionDeclarator) -> EntityKind | None:
        """None for a macro that looks like a function without a type: `TEST(Sum, Empty) { ... }`."""
        name, owner = declarator.name, declarator.name.scope or self.scope.owner
        if owner and name.name == owner:
            return EntityKind.CONSTRUCTOR
        has_type = self._type is not None or name.is_conversion or name.name.startswith("~")
        if not has_type:
            return None
        return EntityKind.METHOD if owner else EntityKind.FUNCTION

    def _header_end_byte(self, body: Node | None) -> int:
        if body:
            initialisers = next((c for c in self.node.children if c.type == "field_initializer_list"), body)
            return initialisers.start_byte
        ends = {";", "=", "default_method_clause", "delete_method_clause", "pure_virtual_clause"}
        return next((c.start_byte for c in self.node.children if c.type in ends), self.node.end_byte)

    def _returns(self, declarator: FunctionDeclarator, body: Node | None) -> Returned | None:
        if declarator.name.is_conversion:
            return Returned(declarator.name.name.removeprefix("operator "))
        if self._type is None:
            return None
        if declarator.marks is None:
            return Returned()
        trailing = next((c for c in declarator.node.children if c.type == "trailing_return_type"), None)
        if trailing is not None:
            text = one_line(self.tree, *trailing.named_children)
            is_value = text != "void"
        elif self._type.type == "placeholder_type_specifier" and not declarator.marks:
            # What comes back is told by the body alone.
            text, is_value = "", body is None or bool(_values(body))
        else:
            text = type_text(self.tree, self.node, declarator.marks)
            is_value = bool(declarator.marks) or self.tree.text_of(self._type) != "void"
        return Returned(text, name_given(self.tree, _values(body))) if is_value else None


def _values(body: Node | None) -> list[Node]:
    """What the function's own `return`s give."""
    within = walk(body, _NOT_ITS_OWN) if body else ()
    return [value for each in within if each.type == "return_statement" for value in each.named_children[:1]]


def _is_old_style(declarator: FunctionDeclarator) -> bool:
    """Whether parameters are declared behind the list of their names."""
    listed = declarator.node.child_by_field_name("parameters")
    return listed is not None and any(each.type == "identifier" for each in listed.named_children)


def _is_spliced(tree: SyntaxTree, node: Node) -> bool:
    """Whether the line above goes on in that of a definition, as lines of macros do."""
    start = line_start(tree.text, tree.offset_of(node.start_byte))
    return tree.text[max(start - 3, 0) : start].rstrip("\r\n").endswith("\\")

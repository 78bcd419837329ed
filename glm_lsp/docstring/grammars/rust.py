"""Definitions in Rust: the crate or module of a file, types, traits, functions, macros, modules with a body."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import Entity, EntityKind, Parameter, Returned
from glm_lsp.docstring.grammars.above import end_before
from glm_lsp.docstring.grammars.given_back import name_given
from glm_lsp.docstring.grammars.nodes import COMMENTS, one_line, walk
from glm_lsp.docstring.grammars.rust_comments import above, crate_comments

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_FUNCTIONS = frozenset(["function_item", "function_signature_item"])
_TYPES = frozenset(["struct_item", "enum_item", "union_item", "trait_item", "type_item"])
_DEFINITIONS = _FUNCTIONS | _TYPES | {"macro_definition", "mod_item"}
_PANICKING = frozenset(["panic", "todo", "unimplemented", "assert", "assert_eq", "assert_ne"])
"""Macros whose panic a caller has to reckon with.

`unreachable!` says that it cannot happen, and so do most `unwrap()` and `expect()`: a section on panics for each of
them would tell readers of dangers that are none.
"""
_RESULT = re.compile(r"(\w+::)*Result\b")
_TEST = re.compile(r"#\[\s*(cfg\s*\(\s*test\s*\)|(\w+\s*::\s*)*test\b)")
_EXPORTED_MACRO = re.compile(r"#\[\s*macro_export\b")


@dataclass(frozen=True, slots=True)
class _Context:
    """What surrounds a definition.

    Attributes:
        owner: the type of an `impl` or the trait.
        is_public: of a trait; None where each member says so itself.
        overrides: within the `impl` of a trait.
    """

    owner: str = ""
    is_public: bool | None = None
    overrides: bool = False
    is_nested: bool = False
    is_test: bool = False


def entities(tree: SyntaxTree) -> Iterator[Entity]:
    """What can be documented, in source order, the file itself first; of what stands in functions, items only."""
    crate = _crate(tree)
    if crate:
        yield crate
    waiting: list[tuple[Sequence[Node], int, _Context]] = [*_each(tree.root, _Context())]
    while waiting:
        siblings, index, context = waiting.pop()
        node = siblings[index]
        if node.type in _DEFINITIONS:
            entity, context = _definition(tree, siblings, index, context)
            if entity:
                yield entity
        elif node.type == "impl_item":
            type_ = node.child_by_field_name("type")
            is_of_trait = node.child_by_field_name("trait") is not None
            public = True if is_of_trait else None
            context = _Context(
                _type_name(tree, type_), public, is_of_trait, context.is_nested, context.is_test
            )
        elif node.type not in COMMENTS and node.type != "token_tree":
            waiting += _each(node, context)
            continue
        body = node.child_by_field_name("body")
        if body:
            waiting += _each(body, context)


def _each(parent: Node, context: _Context) -> Iterator[tuple[Sequence[Node], int, _Context]]:
    """Last first, as the waiting are taken from the end."""
    siblings = parent.children
    return (
        (siblings, index, context) for index in reversed(range(len(siblings))) if siblings[index].child_count
    )


def _crate(tree: SyntaxTree) -> Entity | None:
    """The file as a module; None without any code."""
    found = crate_comments(tree)
    if found is None:
        return None
    return Entity(
        kind=EntityKind.MODULE,
        name="",
        start=0,
        end=len(tree.text),
        header_end=tree.offset_of(found.start_byte),
        is_sound=not any(child.is_error for child in tree.root.children[:1]),
        place=found.place,
        documentation=found.documentation,
    )


def _definition(
    tree: SyntaxTree, siblings: Sequence[Node], index: int, context: _Context
) -> tuple[Entity | None, _Context]:
    """An entity, and the context of what is within it."""
    node = siblings[index]
    found = above(tree, siblings, index)
    name = _field(tree, node, "name")
    body = node.child_by_field_name("body")
    is_test = context.is_test or any(map(_TEST.match, found.attributes))
    inner = _Context(is_nested=context.is_nested, is_test=is_test)
    if node.type == "mod_item" and body is None:
        return None, inner
    is_public = _is_public(tree, node, found.attributes, context) and not is_test
    is_function = node.type in _FUNCTIONS
    if is_function:
        inner = _Context(is_nested=True, is_test=is_test)
    elif node.type == "trait_item":
        inner = _Context(name, is_public, is_nested=context.is_nested, is_test=is_test)
    returns = node.child_by_field_name("return_type") if is_function else None
    returned = one_line(tree, returns) if returns else ""
    has_returns = returns is not None and returns.type not in {"unit_type", "never_type"}
    modifiers = [
        word for child in node.children if child.type == "function_modifiers" for word in child.children
    ]
    words = {word.type for word in [*node.children, *modifiers]}
    entity = Entity(
        kind=_kind(node, context) if is_function or node.type == "macro_definition" else EntityKind.CLASS,
        name=name,
        owner=context.owner if is_function else "",
        start=tree.offset_of(found.start_byte),
        end=tree.offset_of(node.end_byte),
        header_end=end_before(tree, _header_end_byte(node, body)),
        parameters=tuple(_parameters(tree, node)) if is_function else (),
        type_parameters=tuple(_type_parameters(tree, node)),
        returns=Returned(returned, _name_given(tree, body)) if has_returns else None,
        may_panic=is_function and body is not None and _may_panic(tree, body),
        is_unsafe="unsafe" in words,
        is_fallible=has_returns and _RESULT.match(returned) is not None,
        is_public=is_public,
        is_async="async" in words,
        overrides=context.overrides,
        is_nested=context.is_nested,
        is_sound=not node.has_error and bool(name),
        place=found.place,
        documentation=found.documentation,
    )
    return entity, inner


def _name_given(tree: SyntaxTree, body: Node | None) -> str:
    """The name of what stands last in a body, if that is the only way to return."""
    last = body.named_children[-1:] if body else []
    inner = walk(body, _DEFINITIONS | {"closure_expression"}) if body else ()
    is_only = not any(each.type == "return_expression" for each in inner)
    return name_given(tree, last) if is_only else ""


def _kind(node: Node, context: _Context) -> EntityKind:
    return EntityKind.METHOD if context.owner and node.type in _FUNCTIONS else EntityKind.FUNCTION


def _header_end_byte(node: Node, body: Node | None) -> int:
    """Where a body begins or, without one, the semicolon or the first rule of a macro."""
    if body:
        return body.start_byte
    ends = (child.start_byte for child in node.children if child.type in {";", "{", "macro_rule"})
    return next(ends, node.end_byte)


def _is_public(tree: SyntaxTree, node: Node, attributes: Sequence[str], context: _Context) -> bool:
    if node.type == "macro_definition":
        return any(map(_EXPORTED_MACRO.match, attributes))
    if context.is_public is not None:
        return context.is_public
    visibility = next((child for child in node.children if child.type == "visibility_modifier"), None)
    # `pub(crate)` is for this crate alone.
    return visibility is not None and tree.text_of(visibility) == "pub"


def _field(tree: SyntaxTree, node: Node, field: str) -> str:
    child = node.child_by_field_name(field)
    return tree.text_of(child) if child else ""


def _type_name(tree: SyntaxTree, type_: Node | None) -> str:
    """The name of a type without its path and arguments; its source where it has no name."""
    while type_ is not None and type_.type in {"generic_type", "scoped_type_identifier"}:
        type_ = type_.child_by_field_name("type" if type_.type == "generic_type" else "name")
    return one_line(tree, type_) if type_ else ""


def _parameters(tree: SyntaxTree, node: Node) -> Iterator[Parameter]:
    parameters = node.child_by_field_name("parameters")
    for parameter in parameters.named_children if parameters else ():
        pattern, type_ = (parameter.child_by_field_name(field) for field in ("pattern", "type"))
        name = _simple_name(tree, pattern) if parameter.type == "parameter" and pattern else ""
        if name:
            yield Parameter(name=name, type=one_line(tree, type_) if type_ else "")


def _simple_name(tree: SyntaxTree, pattern: Node) -> str:
    """The one name that a pattern binds; empty for `self`, `_` and patterns that take things apart."""
    bound: Node | None = pattern
    while bound is not None and bound.type in {"reference_pattern", "mut_pattern", "ref_pattern"}:
        children = [child for child in bound.named_children if child.type != "mutable_specifier"]
        bound = children[0] if len(children) == 1 else None
    return tree.text_of(bound) if bound is not None and bound.type == "identifier" else ""


def _type_parameters(tree: SyntaxTree, node: Node) -> Iterator[str]:
    """Types and constants; lifetimes are not documented."""
    parameters = node.child_by_field_name("type_parameters")
    for parameter in parameters.named_children if parameters else ():
        if parameter.type in {"type_parameter", "const_parameter"}:
            yield _field(tree, parameter, "name")


def _may_panic(tree: SyntaxTree, body: Node) -> bool:
    """Whether a function panics by itself; what its closures do counts, what items within it do does not."""
    invocations = (
        each for each in walk(body, _DEFINITIONS | {"impl_item"}) if each.type == "macro_invocation"
    )
    return any(_field(tree, each, "macro").rpartition("::")[2] in _PANICKING for each in invocations)

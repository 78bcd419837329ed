"""What calling a function of JavaScript or TypeScript gives: a value, values one by one, exceptions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import Returned
from glm_lsp.docstring.grammars.ecmascript_signature import type_of
from glm_lsp.docstring.grammars.given_back import name_given
from glm_lsp.docstring.grammars.nodes import walk
from glm_lsp.docstring.grammars.thrown import Throwing, thrown

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

FUNCTIONS = frozenset(
    ["function_declaration", "function_expression", "generator_function", "generator_function_declaration",
     "arrow_function", "method_definition"]
)  # fmt: skip
"""Kinds of nodes with parameters and a body of their own."""

_OTHERS = FUNCTIONS | {"class_body", "decorator"}
"""Whose `return` and `throw` are not the function's."""
_NOTHING = re.compile(r"(?:Promise\s*<\s*)?(?:void|never|undefined)\s*>?")
_YIELDED = re.compile(r"(?:Async)?(?:Generator|Iterator|Iterable|IterableIterator|IteratorObject)\s*<(.*)>")
_EVERYTHING = "*"
_MAX_CLAUSE = 500
"""Nodes of a `catch` that are looked at: in clauses within clauses each one is seen once for every clause around."""


def returned(tree: SyntaxTree, function: Node) -> Returned | None:
    """What comes back, by annotation or, where there is none, by the function's own `return`; None for nothing."""
    annotation, body = (function.child_by_field_name(each) for each in ("return_type", "body"))
    if annotation is not None:
        type_ = type_of(tree, annotation)
        is_nothing = annotation.type == "asserts_annotation" or _NOTHING.fullmatch(type_)
        return None if is_nothing else Returned(type_, name_given(tree, _values(tree, body)))
    values = _values(tree, body)
    return Returned(name=name_given(tree, values)) if values else None


def _values(tree: SyntaxTree, body: Node | None) -> list[Node]:
    """What the function's own `return`s give."""
    if body is None:
        return []
    found = [body]
    if body.type == "statement_block":
        statements = (node for node in walk(body, _OTHERS) if node.type == "return_statement")
        found = [value for statement in statements for value in statement.named_children[:1]]
    return [value for value in found if _is_value(tree, value)]


def yielded(tree: SyntaxTree, function: Node) -> Returned:
    """What a generator yields, from the annotation of what calling it gives."""
    found = _YIELDED.fullmatch(type_of(tree, function.child_by_field_name("return_type")))
    if not found:
        return Returned()
    depth, arguments = 0, found.group(1)
    for at, character in enumerate(arguments):
        # The end of an arrow is no bracket.
        depth += (character in "([{<") - (
            character in ")]}" or (character == ">" and arguments[at - 1] != "=")
        )
        if character == "," and depth == 0:
            return Returned(arguments[:at].strip())
    return Returned(arguments.strip())


def is_generator(function: Node) -> bool:
    """Whether it is written with a star."""
    return function.type.startswith("generator_function") or any(
        child.type == "*" for child in function.children
    )


def raised(tree: SyntaxTree, function: Node) -> tuple[str, ...]:
    """The classes of what a function throws and does not catch itself, in order, each once."""
    body = function.child_by_field_name("body")
    return tuple(dict.fromkeys(thrown(tree, body, _THROWING))) if body is not None else ()


def _is_value(tree: SyntaxTree, node: Node) -> bool:
    if node.type == "unary_expression":
        return not tree.text_of(node).startswith("void")
    return node.type not in ("undefined", "comment") and tree.text_of(node) != "undefined"


def _exception(tree: SyntaxTree, statement: Node) -> str:
    """The class of `throw new X(...)` or `throw X(...)`; empty for variables and what functions give."""
    value = next(iter(statement.named_children), None)
    if value is None or value.type not in ("new_expression", "call_expression"):
        return ""
    made = value.child_by_field_name("constructor" if value.type == "new_expression" else "function")
    name = tree.text_of(made) if made is not None and made.type in ("identifier", "member_expression") else ""
    if not re.fullmatch(r"[\w$]+(\.[\w$]+)*", name):
        return ""
    is_class = value.type == "new_expression" or name.rpartition(".")[2][:1].isupper()
    return name if is_class else ""


def _caught(tree: SyntaxTree, clause: Node) -> Iterator[str]:
    """Everything, unless what was caught is thrown again, or could be in a clause too long to look through."""
    parameter, body = (clause.child_by_field_name(each) for each in ("parameter", "body"))
    name = tree.text_of(parameter) if parameter is not None else ""
    nodes = list(islice(walk(body, _OTHERS), _MAX_CLAUSE)) if body is not None else []
    values = (value for node in nodes if node.type == "throw_statement" for value in node.named_children[:1])
    if len(nodes) < _MAX_CLAUSE and not any(tree.text_of(value) == name for value in values):
        yield _EVERYTHING


_THROWING = Throwing(
    tries=frozenset(["try_statement"]),
    not_into=_OTHERS,
    exception=_exception,
    caught=_caught,
    catches_all=frozenset([_EVERYTHING]),
)

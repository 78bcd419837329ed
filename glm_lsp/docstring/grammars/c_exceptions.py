"""How C++ throws and catches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from glm_lsp.docstring.grammars.nodes import COMMENTS, one_line
from glm_lsp.docstring.grammars.thrown import Throwing

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_CLASS_NAME = re.compile(r"[A-Z]\w*|\w*(error|exception|failure)")
"""What tells a class from a function that makes an exception: in the source, both are called alike."""

_ANYTHING = "*"
"""What `catch (...)` catches."""


def _exception(tree: SyntaxTree, statement: Node) -> str:
    """The class of `throw X(...)` and `throw X{...}`; empty for variables and rethrown exceptions."""
    value = next((each for each in statement.named_children if each.type not in COMMENTS), None)
    if value is None:
        return ""
    fields = {"call_expression": "function", "compound_literal_expression": "type"}
    class_ = value.child_by_field_name(fields[value.type]) if value.type in fields else None
    if class_ is None or class_.type not in {
        "identifier",
        "type_identifier",
        "qualified_identifier",
        "template_function",
        "template_type",
    }:
        return ""
    name = one_line(tree, class_)
    last = name.partition("<")[0].rpartition("::")[2]
    return name if _CLASS_NAME.fullmatch(last.strip()) else ""


def _caught(tree: SyntaxTree, clause: Node) -> Iterator[str]:
    listed = clause.child_by_field_name("parameters")
    if listed is None:
        return
    if any(child.type == "..." for child in listed.children):
        yield _ANYTHING
    for parameter in listed.named_children:
        type_ = parameter.child_by_field_name("type")
        if type_ is not None:
            yield tree.text_of(type_)


THROWING = Throwing(
    tries=frozenset(["try_statement"]),
    not_into=frozenset(["lambda_expression", "class_specifier", "struct_specifier"]),
    exception=_exception,
    caught=_caught,
    catches_all=frozenset([_ANYTHING, "exception"]),
)
"""`std::exception` catches nearly all that is thrown by class."""

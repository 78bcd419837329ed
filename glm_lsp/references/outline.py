"""What a file defines, in short: signatures, and of docstrings the first line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm_lsp.syntax.tree import SyntaxTree

if TYPE_CHECKING:
    from tree_sitter import Node

_MAX_SIGNATURE_CHARS = 400
_MAX_METHODS = 40
_MAX_DEPTH = 12
_MAX_WHOLE_LINES = 12
"""A type that is not longer is shown as it is."""

_FUNCTIONS = frozenset(
    [
        "function_definition", "function_declaration", "generator_function_declaration", "method_definition",
        "method_declaration", "constructor_declaration", "function_item", "function_signature_item",
        "function_signature", "method_signature", "abstract_method_signature", "annotation_type_element_declaration",
    ]
)  # fmt: skip
_TYPES = frozenset(
    [
        "class_definition", "class_declaration", "abstract_class_declaration", "interface_declaration",
        "enum_declaration", "record_declaration", "annotation_type_declaration", "type_alias_declaration",
        "type_declaration", "struct_item", "enum_item", "trait_item", "type_item", "impl_item", "union_item",
    ]
)  # fmt: skip
# What a definition may be wrapped in.
_WRAPPERS = frozenset(
    ["decorated_definition", "export_statement", "ambient_declaration", "if_statement", "try_statement", "block",
     "else_clause", "except_clause", "declaration_list", "mod_item", "internal_module", "statement_block"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition at the top of a file. `text` is its signature, or header and methods' signatures."""

    name: str
    text: str


def outline(tree: SyntaxTree) -> tuple[Definition, ...]:
    """All definitions of a file, in order. Several may have one name: a type, and what is implemented for it."""
    return tuple(_definitions(tree, tree.root))


def _definitions(tree: SyntaxTree, parent: Node, depth: int = 0) -> Iterator[Definition]:
    for node in parent.named_children:
        if node.type in _FUNCTIONS:
            yield Definition(_owner(tree, node) or _name(tree, node), _function(tree, node))
        elif node.type == "type_declaration":  # Go puts several types into one
            for spec in node.named_children:
                yield Definition(_name(tree, spec), f"type {_type(tree, spec)}")
        elif node.type in _TYPES:
            yield Definition(_name(tree, node), _type(tree, node))
        elif node.type == "lexical_declaration":  # const f = (a) => ...
            yield from _constants(tree, node)
        elif node.type in _WRAPPERS and depth < _MAX_DEPTH:
            yield from _definitions(tree, node, depth + 1)


def _constants(tree: SyntaxTree, declaration: Node) -> Iterator[Definition]:
    for node in declaration.named_children:
        value = node.child_by_field_name("value")
        if value is not None and value.type in ("arrow_function", "function_expression"):
            body = value.child_by_field_name("body")
            end = body.start_byte if body is not None else node.end_byte
            text = tree.data[declaration.start_byte : end].decode("utf-8", "ignore")
            yield Definition(_name(tree, node), _shortened(text.rstrip().removesuffix("=>").rstrip()))


def _name(tree: SyntaxTree, node: Node) -> str:
    """The name of what is defined; of `impl T for U` that is U."""
    named = node.child_by_field_name("name") or node.child_by_field_name("type")
    if named is not None and named.type == "generic_type":
        named = named.child_by_field_name("type") or named
    return tree.text_of(named) if named is not None else ""


def _owner(tree: SyntaxTree, node: Node) -> str:
    """The type a Go method belongs to; empty for anything else."""
    receiver = node.child_by_field_name("receiver")
    if receiver is None:
        return ""
    return tree.text_of(receiver).strip("()").split()[-1].lstrip("*").partition("[")[0]


def _function(tree: SyntaxTree, node: Node) -> str:
    signature = _header(tree, node)
    if tree.language_id != "python":
        return signature
    summary = _docstring(tree, node)
    return f"{signature}\n    {summary}" if summary else f"{signature} ..."


def _type(tree: SyntaxTree, node: Node) -> str:
    whole = tree.text_of(node)
    body = node.child_by_field_name("body")
    is_python = tree.language_id == "python"
    if not is_python and (body is None or whole.count("\n") < _MAX_WHOLE_LINES) and not _has_code(node):
        return _shortened(whole)
    lines = [_header(tree, node) + ("" if is_python or body is None else " {")]
    if is_python and (summary := _docstring(tree, node)):
        lines.append(f"    {summary}")
    for method in _methods(body):
        signature = _header(tree, method)
        lines.append(f"    {signature} ..." if is_python else f"    {signature}")
    if is_python and len(lines) == 1:
        lines.append("    ...")
    return "\n".join([*lines, *(["}"] if not is_python and body is not None else [])])


def _has_code(node: Node) -> bool:
    body = node.child_by_field_name("body")
    return body is not None and any(method.child_by_field_name("body") for method in _methods(body))


def _methods(body: Node | None) -> list[Node]:
    found: list[Node] = []
    for child in body.named_children if body is not None else []:
        inner = child.child_by_field_name("definition") if child.type == "decorated_definition" else child
        if inner is not None and inner.type in _FUNCTIONS:
            found.append(inner)
    return found[:_MAX_METHODS]


def _header(tree: SyntaxTree, node: Node) -> str:
    """Everything before the body."""
    body = node.child_by_field_name("body")
    end = body.start_byte if body is not None else node.end_byte
    pieces, at = [], node.start_byte
    if tree.language_id == "python":
        for comment in _comments(node):
            pieces.append(tree.data[at : comment.start_byte].rstrip(b" \t"))
            at = comment.end_byte
    text = b"".join([*pieces, tree.data[at:end]]).decode("utf-8", "ignore")
    return _shortened(text.strip())


def _comments(node: Node) -> list[Node]:
    """Comments between parameters, and between the colon and the body."""
    parameters = node.child_by_field_name("parameters")
    children = [*(parameters.children if parameters is not None else []), *node.children]
    return [child for child in children if child.type == "comment"]


def _docstring(tree: SyntaxTree, node: Node) -> str:
    """The first line of a docstring as a docstring of its own; empty without one."""
    body = node.child_by_field_name("body")
    first = body.named_child(0) if body is not None and body.named_child_count else None
    if first is not None and first.type == "expression_statement" and first.named_child_count:
        first = first.named_child(0)
    if first is None or first.type != "string":
        return ""
    content = tree.text_of(first).lstrip("rRbBuU").strip("\"'").strip()
    line = content.partition("\n")[0].strip()
    return f'"""{line}"""' if line else ""


def _shortened(text: str) -> str:
    """A signature over several lines on one, if it is not too long for that."""
    if "\n" in text and "{" not in text:
        joined = " ".join(line.strip() for line in text.split("\n"))
        joined = joined.replace("( ", "(").replace(",)", ")").replace(", )", ")").replace(" )", ")")
        text = joined if len(joined) <= _MAX_SIGNATURE_CHARS else text
    return text if len(text) <= _MAX_SIGNATURE_CHARS else text[:_MAX_SIGNATURE_CHARS].rpartition("\n")[0]

"""What a declarator of C or C++ says: C wraps names in what is done to them, `void (*callback)(int)`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import Parameter, ParameterKind
from glm_lsp.docstring.grammars.c_marks import C_MARKS
from glm_lsp.docstring.grammars.nodes import COMMENTS, one_line, walk

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_IDENTIFIERS = frozenset(["identifier", "field_identifier", "type_identifier"])
_NAMES = _IDENTIFIERS | {
    "destructor_name",
    "operator_cast",
    "operator_name",
    "qualified_identifier",
    "template_function",
    "template_method",
}
_MARKS = {"pointer_declarator": "*", "reference_declarator": "&"}
_PARAMETERS = frozenset(
    ["parameter_declaration", "optional_parameter_declaration", "variadic_parameter_declaration"]
)
_MAX_DEPTH = 50
"""Wrappers around a name that are looked through."""


@dataclass(frozen=True, slots=True)
class FunctionName:
    """The name of a function and where it belongs.

    Attributes:
        scope: the last part of what qualifies it, without template arguments; empty for none.
        is_of_template: whether that part has template arguments.
        is_conversion: `operator bool`; the name ends in the type that comes back.
    """

    name: str
    scope: str = ""
    is_of_template: bool = False
    is_conversion: bool = False


@dataclass(frozen=True, slots=True)
class FunctionDeclarator:
    """A declarator that makes its name a function.

    Attributes:
        node: the part with the parameters.
        marks: what is put behind the type in front to make that which comes back: `*`, `&`; None for a pointer to
            a function or an array, whose type cannot be written in one piece.
    """

    node: Node
    name: FunctionName
    marks: str | None


def function_declarator(tree: SyntaxTree, declarator: Node) -> FunctionDeclarator | None:
    """Reads a declarator; None if what it declares is no function: a variable, a pointer to one."""
    function: Node | None = None
    wrappers: list[str] = []
    node: Node | None = declarator
    for _ in range(_MAX_DEPTH):
        if node is None:
            return None
        if node.type in _NAMES:
            break
        if node.type == "function_declarator":
            function, wrappers = node, [*wrappers, "("]
        elif node.type == "array_declarator":
            wrappers.append("[")
        elif node.type in _MARKS:
            wrappers.append(next((c.type for c in node.children if c.type in {"*", "&", "&&"}), "*"))
        node = _inner(node)
    else:
        return None
    name = _function_name(tree, node)
    if name.is_conversion:
        return FunctionDeclarator(node, name, "")
    if function is None or not wrappers or wrappers.pop() != "(":
        return None
    return FunctionDeclarator(function, name, None if {"(", "["} & {*wrappers} else "".join(wrappers))


def _inner(node: Node) -> Node | None:
    """What a declarator wraps."""
    inner = node.child_by_field_name("declarator")
    if inner is not None:
        return inner
    kinds = (each for each in node.named_children if each.type in _NAMES or each.type.endswith("declarator"))
    return next(kinds, None)


def _function_name(tree: SyntaxTree, node: Node) -> FunctionName:
    scope, is_of_template, inner = "", False, node
    for _ in range(_MAX_DEPTH):
        if inner.type != "qualified_identifier":
            break
        part = inner.child_by_field_name("scope")
        is_of_template = part is not None and part.type == "template_type"
        named = part.child_by_field_name("name") if part is not None and is_of_template else part
        scope = tree.text_of(named) if named else ""
        below = inner.child_by_field_name("name")
        if below is None:
            break
        inner = below
    if inner.type in {"template_function", "template_method"}:
        inner = inner.child_by_field_name("name") or inner
    if inner.type == "operator_cast":
        source = tree.data[inner.start_byte : _conversion_end_byte(inner)].decode("utf-8", "ignore")
        return FunctionName(" ".join(source.split()), scope, is_of_template, True)
    return FunctionName(" ".join(tree.text_of(inner).split()), scope, is_of_template)


def _conversion_end_byte(cast: Node) -> int:
    """Where the type of `operator const char *()` ends."""
    node: Node | None = cast
    for _ in range(_MAX_DEPTH):
        if node is None or node.type == "abstract_function_declarator":
            break
        node = node.child_by_field_name("declarator") or next(
            (each for each in node.named_children if each.type.endswith("declarator")), None
        )
    return node.start_byte if node is not None else cast.end_byte


def parameters(tree: SyntaxTree, function: Node) -> Iterator[Parameter]:
    """Those that have a name; `function` is a declarator with parameters."""
    listed = function.child_by_field_name("parameters")
    children = listed.named_children if listed else []
    for declaration, following in zip(children, [*children[1:], None], strict=False):
        if declaration.type not in _PARAMETERS:
            continue
        declarator = declaration.child_by_field_name("declarator")
        name = _parameter_name(declarator) if declarator else None
        if name is None:
            continue
        default = declaration.child_by_field_name("default_value")
        yield Parameter(
            name=tree.text_of(name),
            type=_type_without(tree, declaration, name),
            default=one_line(tree, default) if default else "",
            kind=ParameterKind.VARIADIC
            if declaration.type == "variadic_parameter_declaration"
            else ParameterKind.PLAIN,
            is_optional=declaration.type == "optional_parameter_declaration",
            is_described=following is not None
            and bool(C_MARKS.behind and C_MARKS.behind.match(tree.text_of(following))),
        )


def _parameter_name(declarator: Node) -> Node | None:
    node: Node | None = declarator
    for _ in range(_MAX_DEPTH):
        if node is None or node.type in _IDENTIFIERS:
            return node
        node = _inner(node)
    return None


def _type_without(tree: SyntaxTree, declaration: Node, name: Node) -> str:
    """The source of a parameter without its name and default: `void (*)(int)`."""
    before: list[Node] = []
    after: list[Node] = []
    for leaf in walk(declaration, COMMENTS):
        if leaf.child_count or leaf.type in COMMENTS:
            continue
        if leaf.start_byte >= name.end_byte:
            if leaf.type == "=" and declaration.type == "optional_parameter_declaration":
                break
            after.append(leaf)
        elif leaf.end_byte <= name.start_byte:
            before.append(leaf)
    front, back = (one_line(tree, *leaves) if leaves else "" for leaves in (before, after))
    if not front or (after and not back):
        return ""
    return f"{front} {back}" if back.startswith("[") else front + back


def type_text(tree: SyntaxTree, node: Node, marks: str) -> str:
    """The type in front of a declarator, with its qualifiers and the marks of the declarator."""
    kinds = [child for child in node.children if child.type == "type_qualifier"]
    type_ = node.child_by_field_name("type")
    words = [tree.text_of(each) for each in kinds if not type_ or each.start_byte < type_.start_byte]
    # `int const` is as good as `const int`.
    behind = [tree.text_of(each) for each in kinds if type_ and each.start_byte > type_.start_byte]
    source = one_line(tree, type_) if type_ else ""
    if not source:
        return ""
    text = " ".join([*(word for word in words if word != "constexpr"), source, *behind])
    return f"{text} {marks}" if marks else text


def type_parameters(tree: SyntaxTree, templates: Sequence[Node]) -> Iterator[str]:
    """Names of the parameters of `template<...>`, types and others."""
    for template in templates:
        listed = template.child_by_field_name("parameters")
        for parameter in listed.named_children if listed else ():
            name = _template_parameter_name(parameter)
            if name is not None:
                yield tree.text_of(name)


def _template_parameter_name(parameter: Node) -> Node | None:
    node: Node | None = parameter
    if parameter.type == "template_template_parameter_declaration":
        node = next(
            (each for each in reversed(parameter.named_children) if "type_parameter" in each.type), None
        )
    elif parameter.type in _PARAMETERS:
        declarator = parameter.child_by_field_name("declarator")
        return _parameter_name(declarator) if declarator else None
    if node is None:
        return None
    name = node.child_by_field_name("name")
    return name or next((each for each in node.named_children if each.type == "type_identifier"), None)

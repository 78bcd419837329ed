"""Where a Python class or module minds its `__doc__` itself, so that a docstring would be in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glm_lsp.docstring.grammars.nodes import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_DOC, _SLOTS = b"__doc__", b"__slots__"
_DEFINITIONS = frozenset(["function_definition", "class_definition", "lambda"])
_ASSIGNMENTS = frozenset(["assignment", "augmented_assignment", "delete_statement", "import_statement",
                          "import_from_statement"])  # fmt: skip
_FIELDS = {
    "attribute": "object",
    "function_definition": "name",
    "class_definition": "name",
    "lambda": "parameters",
}
"""The part of some nodes that is looked at."""
_LISTS = frozenset(["tuple", "list", "set", "expression_list", "parenthesized_expression"])


def is_class_particular(tree: SyntaxTree, body: Node) -> bool:
    """Whether a class's own body speaks of `__doc__`, or has `__slots__` that may name it.

    Python refuses a class with a docstring and a slot of that name.
    """
    if all(tree.data.find(name, body.start_byte, body.end_byte) < 0 for name in (_DOC, _SLOTS)):
        return False
    names = list(_names(body))
    if _DOC in names:
        return True
    plain = [node for node in walk(body, _DEFINITIONS) if _is_plain_slots(node)]
    return names.count(_SLOTS) > len(plain)


def is_module_particular(tree: SyntaxTree) -> bool:
    """Whether a module gives itself a `__doc__`: that, and not a string at its top, is its documentation."""
    if _DOC not in tree.data:
        return False
    for node in walk(tree.root, _DEFINITIONS):
        if node.type in _ASSIGNMENTS:
            value = node.child_by_field_name("right")
            targets = [child for child in node.children if child != value]
            if any(_DOC in _names(target) for target in targets):
                return True
        elif node.type in _DEFINITIONS and (name := node.child_by_field_name("name")) and name.text == _DOC:
            return True
    return False


def _names(node: Node) -> Iterator[bytes]:
    """Those of the two names that are used in a scope, in order; of what is defined there its name.

    Attributes of other things, `f.__doc__`, are not meant.
    """
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if each.type == "identifier":
            # Nearly no name is as long as these: it is not copied to be compared.
            text = each.text if each.end_byte - each.start_byte in (7, 9) else None
            if text in (_DOC, _SLOTS):
                yield text
            continue
        field = _FIELDS.get(each.type)
        part = each.child_by_field_name(field) if field else None
        waiting += reversed(each.children) if field is None else [part] if part is not None else []


def _is_plain_slots(node: Node) -> bool:
    """Whether that is `__slots__ = ` and strings, none of them `__doc__`."""
    left, right = (node.child_by_field_name(field) for field in ("left", "right"))
    if node.type != "assignment" or left is None or right is None or left.text != _SLOTS:
        return False
    waiting = [right]
    while waiting:
        each = waiting.pop()
        if each.type in _LISTS:
            waiting += each.named_children
        elif each.type == "dictionary":
            keys = [child.child_by_field_name("key") for child in each.named_children]
            waiting += [key for key in keys if key is not None]
            if None in keys:
                return False
        elif each.type == "string":
            text = each.text or b""
            if _DOC in text or b"\\" in text or text[:1].lower() == b"f":
                return False
        elif each.type != "comment":
            return False
    return True

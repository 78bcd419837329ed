"""What a Python function's own body gives its caller: a value, values one by one, exceptions."""

from __future__ import annotations

import builtins
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import Returned
from glm_lsp.docstring.grammars.given_back import name_given
from glm_lsp.docstring.grammars.nodes import COMMENTS, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_OTHERS = frozenset(["function_definition", "class_definition", "lambda", "decorator"])
"""Whose `return`, `yield` and `raise` are not the function's."""
_NOTHING = frozenset(["None", "NoReturn", "Never"])
_YIELDED = re.compile(r"^(?:\w+\.)*(?:Async)?(?:Generator|Iterator|Iterable)\[(.*)\]$")
_MODULE_ERRORS = frozenset(["error", "timeout", "herror", "gaierror"])
"""Exceptions of the standard library in lower case, as in `struct.error`."""
_ANYTHING = frozenset(["Exception", "BaseException"])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of a call, as in `Entity`."""

    returns: Returned | None = None
    yields: Returned | None = None
    raises: tuple[str, ...] = ()


def outcome(tree: SyntaxTree, body: Node | None, annotation: str | None) -> Outcome:
    """What comes of calling a function with such a body.

    Args:
        annotation: of what is returned, on one line; None where there is none.
    """
    has_yield = False
    given: list[Node] = []
    yielded: list[Node] = []
    raises: dict[str, None] = {}
    for node, caught in _with_catchers(tree, body):
        if node.type == "yield":
            has_yield = True
            yielded += _values(node)
        elif node.type == "return_statement":
            given += _values(node)
        elif node.type == "raise_statement":
            name = _raised(tree, node)
            if name and not any(_catches(one, name) for one in caught):
                raises[name] = None
    names = tuple(raises)
    if has_yield:
        # `yield from items` gives the items one by one.
        return Outcome(yields=Returned(_yielded(annotation or ""), name_given(tree, yielded)), raises=names)
    name = name_given(tree, given)
    if annotation is None:
        return Outcome(Returned(name=name) if given else None, raises=names)
    is_nothing = annotation.strip("'\"() ").rpartition(".")[2] in _NOTHING
    return Outcome(None if is_nothing else Returned(annotation, name), raises=names)


def _values(statement: Node) -> list[Node]:
    """What a `return` or `yield` gives, unless it is `None`."""
    return [child for child in statement.named_children if child.type not in COMMENTS | {"none"}]


def _with_catchers(tree: SyntaxTree, body: Node | None) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """Every node of the body itself, with what is caught around it."""
    waiting: list[tuple[Node, tuple[str, ...]]] = [(body, ())] if body is not None else []
    while waiting:
        node, caught = waiting.pop()
        yield node, caught
        if node.type in _OTHERS:
            continue
        inside = caught
        if node.type == "try_statement":
            inside = caught + tuple(name for child in node.children for name in _caught(tree, child))
        guarded = node.child_by_field_name("body") if inside != caught else None
        waiting += [
            (child, inside if child == guarded else caught) for child in reversed(node.named_children)
        ]


def _caught(tree: SyntaxTree, clause: Node) -> list[str]:
    """What an `except` keeps in: names as written. Nothing for one that raises the same exception again."""
    if clause.type not in ("except_clause", "except_group_clause"):
        return []
    value, alias = clause.child_by_field_name("value"), ""
    if value is not None and value.type == "as_pattern":
        target = value.child_by_field_name("alias")
        alias = tree.text_of(target) if target is not None else ""
        value = value.named_children[0]
    for node in walk(clause, _OTHERS):
        if node.type == "raise_statement":
            what = node.named_children[0] if node.named_child_count else None
            if what is None or tree.text_of(what) == alias:
                return []
    if value is None:
        return ["BaseException"]
    each = value.named_children if value.type == "tuple" else [value]
    return [tree.text_of(one) for one in each]


def _catches(caught: str, name: str) -> bool:
    """Whether `except caught` keeps in what is raised as `name`."""
    caught, name = (each.rpartition(".")[2] for each in (caught, name))
    if caught == name or caught in _ANYTHING:
        return True
    wide, narrow = (getattr(builtins, each, None) for each in (caught, name))
    return isinstance(wide, type) and isinstance(narrow, type) and issubclass(narrow, wide)


def _raised(tree: SyntaxTree, statement: Node) -> str:
    """The class that is raised, as the source writes it; empty where that is not to be seen."""
    what = statement.named_children[0] if statement.named_child_count else None
    if what is None or what == statement.child_by_field_name("cause"):
        return ""
    is_call = what.type == "call"
    if is_call:
        what = what.child_by_field_name("function")
    if what is None or what.type not in ("identifier", "attribute"):
        return ""
    name = tree.text_of(what)
    owner, _, last = name.rpartition(".")
    if not all(part.isidentifier() for part in name.split(".")):
        return ""
    if last in _MODULE_ERRORS and owner and owner not in ("self", "cls"):
        return name
    return name if last.lstrip("_")[:1].isupper() else ""


def _yielded(annotation: str) -> str:
    """The type of what comes out of a generator, from the annotation of what it returns."""
    found = _YIELDED.match(annotation.strip("'\""))
    if not found:
        return ""
    depth = 0
    for at, character in enumerate(found.group(1)):
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            return found.group(1)[:at].strip()
    return found.group(1).strip()

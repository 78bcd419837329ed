"""What a Python function's own body gives its caller: a value, values one by one, exceptions."""

from __future__ import annotations

import builtins
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm_lsp.docstring.entity import Returned
from glm_lsp.docstring.grammars.given_back import name_given
from glm_lsp.docstring.grammars.nodes import COMMENTS, walk
from glm_lsp.docstring.grammars.thrown import MAX_TRIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree

_OTHERS = frozenset(["function_definition", "class_definition", "lambda", "decorator"])
"""Whose `return`, `yield` and `raise` are not the function's."""
_NOTHING = frozenset(["None", "NoReturn", "Never"])
_YIELDED = re.compile(r"^(?:\w+\.)*(?:Async)?(?:Generator|Iterator|Iterable)\[(.*)\]$")
_MODULE_ERRORS = frozenset(["error", "timeout", "herror", "gaierror"])
"""Exceptions of the standard library in lower case, as in `struct.error`."""
_KEEPERS = frozenset(
    ["suppress", "raises", "assertRaises", "assertRaisesRegex", "assertRaisesRegexp", "assert_raises",
     "assert_raises_regex", "ExpectedException"]
)  # fmt: skip
"""What keeps in what it is called with, after `with`."""
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
            if name and not (caught and caught.has(name)):
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


@dataclass(frozen=True, slots=True)
class _Caught:
    """What is caught around a statement: by the `try` next to it, and by those around that.

    Attributes:
        names: without qualifiers.
        classes: those of them that are Python's own.
        outer: a chain, as all that is caught in one would take the square of the depth.
    """

    names: frozenset[str]
    classes: tuple[type, ...]
    outer: _Caught | None

    @classmethod
    def of(cls, names: Iterable[str], outer: _Caught | None) -> _Caught:
        last = frozenset(name.rpartition(".")[2] for name in names)
        found = (getattr(builtins, name, None) for name in last)
        return cls(last, tuple(each for each in found if isinstance(each, type)), outer)

    def has(self, name: str) -> bool:
        """Whether what is raised as `name` is kept in."""
        last = name.rpartition(".")[2]
        known = getattr(builtins, last, None)
        chain: _Caught | None = self
        while chain is not None:
            if last in chain.names or not chain.names.isdisjoint(_ANYTHING):
                return True
            if isinstance(known, type) and issubclass(known, chain.classes):
                return True
            chain = chain.outer
        return False


def _with_catchers(tree: SyntaxTree, body: Node | None) -> Iterator[tuple[Node, _Caught | None]]:
    """Every node of the body itself, with what is caught around it.

    Deeper than `MAX_TRIES` statements that catch, everything counts as caught: nobody knows what becomes of it.
    """
    waiting: list[tuple[Node, _Caught | None, int]] = [(body, None, 0)] if body is not None else []
    while waiting:
        node, caught, depth = waiting.pop()
        yield node, caught
        if node.type in _OTHERS:
            continue
        guarded, inside = None, caught
        if node.type == "try_statement" or (node.type == "with_statement" and any(_kept(tree, node))):
            depth += 1
            if depth == MAX_TRIES + 1:
                caught = inside = _Caught.of(_ANYTHING, None)
            elif depth <= MAX_TRIES:
                guarded = node.child_by_field_name("body")
                names = [name for child in node.children for name in _caught(tree, child)]
                inside = _Caught.of([*names, *_kept(tree, node)], caught)
        waiting += [
            (child, inside if child == guarded else caught, depth) for child in reversed(node.named_children)
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


def _kept(tree: SyntaxTree, statement: Node) -> Iterator[str]:
    """What a `with` keeps in that suppresses or expects exceptions: names as written. Nothing for other statements."""
    clause = next((child for child in statement.named_children if child.type == "with_clause"), None)
    for item in clause.named_children if clause is not None else []:
        value = item.child_by_field_name("value")
        if value is not None and value.type == "as_pattern":
            value = value.named_children[0]
        if value is None or value.type != "call":
            continue
        function, given = (value.child_by_field_name(field) for field in ("function", "arguments"))
        if function is None or given is None or tree.text_of(function).rpartition(".")[2] not in _KEEPERS:
            continue
        for argument in given.named_children:
            what = argument.child_by_field_name("value") or argument
            yield from (
                tree.text_of(one) for one in (what.named_children if what.type == "tuple" else [what])
            )


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

"""Exceptions that a body throws and does not catch itself: Java and C++."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm_lsp.docstring.grammars.nodes import COMMENTS

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree


MAX_TRIES = 16
"""Statements that catch, one within the other, that are looked through."""
_OUTSIDE = frozenset(["catch_clause", "finally_clause"])
"""Parts of such a statement that it catches nothing from."""


@dataclass(frozen=True, slots=True)
class Throwing:
    """How a language throws and catches.

    Attributes:
        tries: kinds of statements that catch what is thrown in them.
        not_into: kinds of nodes whose code runs at another time.
        exception: the class that a `throw` names; empty where it names none.
        caught: the classes of a `catch` clause.
        catches_all: names of classes that catch everything; without qualifiers, like those compared with them.
    """

    tries: frozenset[str]
    not_into: frozenset[str]
    exception: Callable[[SyntaxTree, Node], str]
    caught: Callable[[SyntaxTree, Node], Iterable[str]]
    catches_all: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Caught:
    """What is caught around a statement: by the `try` next to it, and by those around that.

    A chain, as sets of all that is caught would take the square of the depth.
    """

    names: frozenset[str]
    outer: _Caught | None

    def has_any(self, names: Collection[str]) -> bool:
        chain: _Caught | None = self
        while chain is not None:
            if not chain.names.isdisjoint(names):
                return True
            chain = chain.outer
        return False


def thrown(tree: SyntaxTree, body: Node, language: Throwing) -> Iterator[str]:
    """The classes of what gets out of a body, in order, as the source writes them.

    What is thrown deeper than `MAX_TRIES` statements that catch is left out: nobody knows what becomes of it.
    """
    waiting: list[tuple[Node, _Caught | None, int]] = [(body, None, 0)]
    while waiting:
        node, caught, depth = waiting.pop()
        if node.type == "throw_statement":
            name = language.exception(tree, node)
            if name and not (caught and caught.has_any({_simple(name), *language.catches_all})):
                yield name
        elif node.type in language.tries:
            if depth == MAX_TRIES:
                continue
            children = node.children
            clauses = [child for child in children if child.type == "catch_clause"]
            names = {_simple(name) for clause in clauses for name in language.caught(tree, clause)}
            within = _Caught(frozenset(names), caught)
            waiting += (
                (child, caught if child.type in _OUTSIDE else within, depth + 1)
                for child in reversed(children)
            )
            continue
        if node is body or node.type not in language.not_into:
            waiting += (
                (child, caught, depth) for child in reversed(node.children) if child.type not in COMMENTS
            )


def _simple(name: str) -> str:
    """The name of a class without qualifiers and type arguments."""
    return name.partition("<")[0].replace("::", ".").rpartition(".")[2].strip()

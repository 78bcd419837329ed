"""Exceptions that a body throws and does not catch itself: Java and C++."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm_lsp.docstring.grammars.nodes import COMMENTS

if TYPE_CHECKING:
    from tree_sitter import Node

    from glm_lsp.syntax.tree import SyntaxTree


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


def thrown(tree: SyntaxTree, body: Node, language: Throwing) -> Iterator[str]:
    """The classes of what gets out of a body, in order, as the source writes them."""
    waiting: list[tuple[Node, frozenset[str]]] = [(body, frozenset())]
    while waiting:
        node, caught = waiting.pop()
        if node.type == "throw_statement":
            name = language.exception(tree, node)
            if name and not caught & {_simple(name), *language.catches_all}:
                yield name
        elif node.type in language.tries:
            clauses = [child for child in node.children if child.type == "catch_clause"]
            names = {_simple(name) for clause in clauses for name in language.caught(tree, clause)}
            within = caught | names
            outside = {"catch_clause", "finally_clause"}
            waiting += (
                (child, caught if child.type in outside else within) for child in reversed(node.children)
            )
            continue
        if node is body or node.type not in language.not_into:
            waiting += ((child, caught) for child in reversed(node.children) if child.type not in COMMENTS)


def _simple(name: str) -> str:
    """The name of a class without qualifiers and type arguments."""
    return name.partition("<")[0].replace("::", ".").rpartition(".")[2].strip()

"""What bodies let out, however deep statements that catch are nested."""

from __future__ import annotations

import tracemalloc
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import pytest

from glm_lsp.docstring.finding import find_entities
from glm_lsp.docstring.grammars import ecmascript_body
from glm_lsp.docstring.grammars.nodes import walk
from glm_lsp.docstring.grammars.thrown import MAX_TRIES
from glm_lsp.docstring.source_tree import parse

if TYPE_CHECKING:
    from tree_sitter import Node


def raises(language_id: str, text: str) -> tuple[str, ...]:
    tree = parse(language_id, text)
    assert tree is not None
    return find_entities(tree)[-1].raises


def java(depth: int) -> str:
    catches = "".join(f"}}catch(E{number} e){{}}" for number in range(depth))
    return f"class A{{void f(){{{'try{' * depth}throw new X();{catches}throw new Y();}}}}"


def cpp(depth: int) -> str:
    return java(depth).removeprefix("class A{").replace("new ", "")[:-1]


def javascript(depth: int) -> str:
    """All that is thrown is thrown again."""
    throwing = "try{" * depth + "throw new X();" + "}catch(e){throw e}" * depth
    return f"function f(){{{throwing}throw new Y();}}"


def python(depth: int) -> str:
    lines = [
        *(" " * number + "try:" for number in range(1, depth + 1)),
        " " * (depth + 1) + "raise X",
        *(f"{' ' * number}except E{number}:\n{' ' * number} pass" for number in range(depth, 0, -1)),
    ]
    return "\n".join(["def f():", *lines, " raise Y"])


SOURCES = {"java": java, "cpp": cpp, "javascript": javascript, "python": python}


@pytest.mark.parametrize("language_id", SOURCES)
def test_what_is_thrown_in_too_many_tries_is_left_out(language_id: str) -> None:
    source = SOURCES[language_id]
    assert raises(language_id, source(MAX_TRIES)) == ("X", "Y")
    assert raises(language_id, source(MAX_TRIES + 1)) == ("Y",)


def test_what_is_caught_further_out_is_caught() -> None:
    assert raises("java", java(3).replace("E2", "X")) == ("Y",)
    assert raises("python", python(3).replace("E1", "(A, pkg.X)")) == ("Y",)
    assert raises("python", python(3).replace("raise X", "raise KeyError").replace("E1", "LookupError")) == (
        "Y",
    )
    assert raises("python", python(3).replace("E1", "Exception")) == ("Y",)
    assert raises("python", python(3).replace("E1", "ValueError")) == ("X", "Y")


@pytest.mark.parametrize("language_id", ["java", "cpp"])
def test_thousands_of_tries_take_little_memory(language_id: str) -> None:
    # Parsed first: watched memory makes all slow, and a parse has only so much time.
    tree = parse(language_id, SOURCES[language_id](3000))
    assert tree is not None
    tracemalloc.start()
    try:
        assert find_entities(tree)[-1].raises == ("Y",)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_clauses_within_clauses_are_looked_through_a_few_times_only(monkeypatch: pytest.MonkeyPatch) -> None:
    num_nodes = 0

    def counting(root: Node, not_into: Collection[str] = ()) -> Iterator[Node]:
        nonlocal num_nodes
        for node in walk(root, not_into):
            num_nodes += 1
            yield node

    monkeypatch.setattr(ecmascript_body, "walk", counting)
    raises("javascript", "function f(){" + "try{}catch(e){" * 2000 + "throw e;" + "}" * 2001)
    # The body once for what it returns, and 500 at most of each clause.
    assert num_nodes < 2000 * 20

"""A small project to open in editors, and what has to hold of documentation written into it."""

from __future__ import annotations

import ast
import difflib
from dataclasses import dataclass
from pathlib import Path

SOURCE = '''\
"""Prices of what a shop sells."""


def discounted(price: float, percent: float, *, minimum: float = 0.0) -> float:
    reduced = price * (1 - percent / 100)
    if reduced < minimum:
        raise ValueError("below the minimum")
    return reduced


def total(prices: list[float], shipping: float) -> float:
    amount = shipping
    for price in prices:
        amount += price
    return amount
'''
"""The line of each `def`, from 1: discounted 4, total 11."""

PARAMETERS = {"discounted": ["price", "percent", "minimum"], "total": ["prices", "shipping"]}


@dataclass(frozen=True)
class Project:
    """A folder with one file.

    Attributes:
        source: the file's path.
    """

    folder: Path

    @classmethod
    def make(cls, folder: Path, source: str = SOURCE) -> Project:
        """Writes it as it is, line breaks and all."""
        (folder / ".git").mkdir(parents=True)
        project = cls(folder)
        project.source.write_bytes(source.encode())
        return project

    @property
    def source(self) -> Path:
        return self.folder / "prices.py"


def assert_documented(before: str, after: str, *names: str) -> None:
    """Holds when the functions of these names, and no others, were given documentation, and nothing else changed."""
    assert lines_taken_away(before, after) == []
    assert _without_docstrings(before) == _without_docstrings(after)
    docstrings = {name: ast.get_docstring(node) for name, node in _functions(after).items()}
    earlier = {name: ast.get_docstring(node) for name, node in _functions(before).items()}
    for name, docstring in docstrings.items():
        if name not in names:
            assert docstring == earlier[name]
            continue
        assert docstring, f"{name} has no docstring"
        places = [docstring.find(f"{parameter}:") for parameter in PARAMETERS[name]]
        assert -1 not in places, docstring
        assert places == sorted(places), docstring


def lines_taken_away(before: str, after: str) -> list[str]:
    """The lines of a text, with their line breaks, that another no longer has."""
    compared = difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line[2:] for line in compared if line.startswith("- ")]


def _functions(source: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}


def _without_docstrings(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)

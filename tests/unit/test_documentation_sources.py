"""The sources that the documentation's tests live on are sound."""

from __future__ import annotations

import ast

import pytest

from glm_lsp.docstring.dialect import STYLES
from glm_lsp.docstring.source_tree import parse
from tests.documentation_sources import SOURCES


def test_every_language_has_one() -> None:
    assert SOURCES.keys() == STYLES.keys()


@pytest.mark.parametrize("language", SOURCES)
def test_it_parses(language: str) -> None:
    tree = parse(language, SOURCES[language])
    assert tree is not None
    faulty = [node for node in tree.root.children if node.has_error]
    assert [node.text for node in faulty] == []


def test_the_python_one_is_python() -> None:
    ast.parse(SOURCES["python"])

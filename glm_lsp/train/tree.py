"""Where the blocks, docstrings and bodies of a document are, by its language."""

from __future__ import annotations

from dataclasses import dataclass, field

from glm_lsp.train.bracket_tree import LANGUAGES, BracketTree
from glm_lsp.train.example import Document
from glm_lsp.train.spans import PythonTree, Span


@dataclass(frozen=True, slots=True)
class Tree:
    """Spans worth cutting out."""

    blocks: list[Span] = field(default_factory=list)
    docstrings: list[Span] = field(default_factory=list)
    bodies: list[Span] = field(default_factory=list)


def tree_of(document: Document) -> Tree:
    """The spans of a document; none where the language is unknown or the text does not parse."""
    if document.language == "python":
        tree = PythonTree(document.text)
        return Tree(tree.blocks, tree.docstrings, tree.bodies)
    if document.language in LANGUAGES:
        found = BracketTree(document.text, document.language)
        return Tree(found.blocks, found.docstrings, found.bodies)
    return Tree()

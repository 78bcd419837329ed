"""The syntax tree of a document that somebody wants documented: larger ones are parsed than while typing."""

from __future__ import annotations

from glm_lsp.syntax.tree import SyntaxTree

MAX_CHARS = 1_000_000
"""Code points of the largest document: half a second for the whole of it."""


def parse(language_id: str, text: str) -> SyntaxTree | None:
    """The tree of a text; None without a grammar, or for one that would take too long."""
    return SyntaxTree.parse(language_id, text, max_chars=MAX_CHARS)

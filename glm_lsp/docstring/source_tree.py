"""The syntax tree of a document that somebody wants documented: larger ones are parsed than while typing."""

from __future__ import annotations

import re

from glm_lsp.syntax.tree import SyntaxTree

MAX_CHARS = 1_000_000
"""Code points of the largest document: half a second for the whole of it."""


_LONE_RETURN = re.compile(r"\r(?!\n)")
_RETURN_BREAKS_LINES = frozenset(
    ["python", "javascript", "javascriptreact", "typescript", "typescriptreact", "java"]
)
"""Languages in which a lone carriage return ends a line; grammars do not know it."""


def parse(language_id: str, text: str) -> SyntaxTree | None:
    """The tree of a text; None without a grammar, or for one that would take too long.

    Lone carriage returns become line feeds where the language takes them for such: offsets stay the same.
    """
    if language_id in _RETURN_BREAKS_LINES:
        text = _LONE_RETURN.sub("\n", text)
    return SyntaxTree.parse(language_id, text, max_chars=MAX_CHARS)

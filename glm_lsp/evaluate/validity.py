"""Whether a hint leaves a file as sound as it was, told by parsing it anew: not by the way the server tells."""

from __future__ import annotations

from glm_lsp.evaluate import syntax
from glm_lsp.syntax.tree import SyntaxTree


def num_faults(language_id: str, text: str) -> int | None:
    """Places that do not fit the grammar; None without a grammar."""
    tree = SyntaxTree.parse(language_id, text)
    return None if tree is None else tree.num_errors


def is_worse(language_id: str, before: str, after: str) -> bool | None:
    """Whether a file has more faults than before, or is no Python any more; None without a grammar."""
    faults = num_faults(language_id, before), num_faults(language_id, after)
    if faults[0] is None or faults[1] is None:
        return None
    breaks = language_id in syntax.LANGUAGES and syntax.parses(before) and not syntax.parses(after)
    return breaks or faults[1] > faults[0]

"""Whether a suggestion leaves a text as sound as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.syntax.tree import SyntaxTree


def parses_no_worse(tree: SyntaxTree, offset: int, insertion: str) -> bool:
    """Whether inserting a text leaves no more errors than there are; true where it cannot be told.

    Args:
        tree: the document as it is.
        offset: where it goes, in code points.
        insertion: the text.
    """
    after = tree.edited(tree.text[:offset] + insertion + tree.text[offset:])
    return after is None or after.num_errors <= tree.num_errors

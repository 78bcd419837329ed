"""The syntax trees of the documents asked about last, each parsed anew only where it has changed."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from glm_lsp.completion.snapshot import DocumentSnapshot

if TYPE_CHECKING:
    from glm_lsp.syntax.tree import SyntaxTree


class Trees:
    """Trees by document, in memory only.

    Args:
        capacity: most that are kept; a tree of a long file takes a few MiB.
    """

    def __init__(self, capacity: int = 8) -> None:
        self._capacity = capacity
        self._trees: OrderedDict[tuple[str, str], SyntaxTree] = OrderedDict()

    def of(self, snapshot: DocumentSnapshot) -> SyntaxTree | None:
        """The tree of a snapshot; None without a grammar, or where parsing would take too long."""
        from glm_lsp.syntax.tree import SyntaxTree  # noqa: PLC0415 - brings the parser along

        key = snapshot.uri, snapshot.language_id
        before = self._trees.pop(key, None)
        text = snapshot.text
        tree = before.edited(text) if before else SyntaxTree.parse(snapshot.language_id, text)
        if tree is not None:
            self._trees[key] = tree
            if len(self._trees) > self._capacity:
                self._trees.popitem(last=False)
        return tree

    def forget(self, uri: str) -> None:
        """Drops what is remembered of a document."""
        for key in [key for key in self._trees if key[0] == uri]:
            del self._trees[key]

"""What is known of the syntax of the documents asked about last; parsed only when somebody asks."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm_lsp.completion.lines import line_end, line_start
from glm_lsp.completion.mode import Mode, choose_mode
from glm_lsp.completion.snapshot import DocumentSnapshot

if TYPE_CHECKING:
    from glm_lsp.syntax.tree import SyntaxTree


@dataclass(slots=True)
class _Known:
    """Of one document: its last tree, and the mode of the line above and below which its text was such."""

    tree: SyntaxTree | None = None
    is_parsed: bool = False
    text: str = ""
    above: str = ""
    below: str = ""
    mode: Mode | None = None


class SyntaxMemory:
    """Trees and modes by document, in memory only. A tree is parsed anew only where its document has changed.

    Args:
        capacity: most documents; a tree of a long file takes a few MiB.
    """

    def __init__(self, capacity: int = 8) -> None:
        self._capacity = capacity
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()

    def tree(self, snapshot: DocumentSnapshot) -> SyntaxTree | None:
        """The tree of a snapshot; None without a grammar, or where parsing would take too long."""
        from glm_lsp.syntax.tree import SyntaxTree  # noqa: PLC0415 - brings the parser along

        known, text = self._of(snapshot), snapshot.text
        if not known.is_parsed or known.text != text:
            before = known.tree
            known.tree = before.edited(text) if before else SyntaxTree.parse(snapshot.language_id, text)
            known.text, known.is_parsed = text, True
        return known.tree

    def mode(self, snapshot: DocumentSnapshot) -> Mode:
        """What the completion at the cursor may write. No key typed on a line changes it, so it is chosen once."""
        known, text, cursor = self._of(snapshot), snapshot.text, snapshot.offset
        above, below = text[: line_start(text, cursor)], text[line_end(text, cursor) :]
        if known.mode is None or known.above != above or known.below != below:
            known.mode = choose_mode(snapshot, self.tree(snapshot))
            known.above, known.below = above, below
        return known.mode

    def forget(self, uri: str) -> None:
        """Drops what is remembered of a document."""
        for key in [key for key in self._known if key[0] == uri]:
            del self._known[key]

    def _of(self, snapshot: DocumentSnapshot) -> _Known:
        key = snapshot.uri, snapshot.language_id
        known = self._known.setdefault(key, _Known())
        self._known.move_to_end(key)
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)
        return known

"""What is known of the syntax of the documents asked about last; parsed only when somebody asks."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm_lsp.completion.lines import line_end, line_start
from glm_lsp.completion.mode import Mode, choose_mode
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.syntax.pace import CLOCKS, Clocks, Pace

if TYPE_CHECKING:
    from glm_lsp.syntax.tree import SyntaxTree


@dataclass(slots=True)
class _Known:
    """Of one document: its last tree, and the mode of the line above and below which its text was such."""

    pace: Pace
    tree: SyntaxTree | None = None
    above: str = ""
    below: str = ""
    mode: Mode | None = None


class SyntaxMemory:
    """Trees and modes by document, in memory only. A tree is parsed anew only where its document has changed.

    A document that is dear to parse, or was given up on, gets no new tree for thirty times as long as that took:
    until then its mode is told from its lines, and what is written in it is not checked, but shown. That other programs
    keep the processor busy makes no document dear.

    Args:
        capacity: most documents; a tree of a long file takes a few MiB.
        clocks: tell how long parsing takes.
    """

    def __init__(self, capacity: int = 8, clocks: Clocks = CLOCKS) -> None:
        self._capacity = capacity
        self._clocks = clocks
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()

    def tree(self, snapshot: DocumentSnapshot) -> SyntaxTree | None:
        """The tree of a snapshot; None without a grammar, or where parsing would take too long.

        Never that of an earlier text, which is kept only to be parsed on from.
        """
        from glm_lsp.syntax.languages import language_for  # noqa: PLC0415 - with the parser
        from glm_lsp.syntax.tree import SyntaxTree  # noqa: PLC0415 - brings the parser along

        known, text, before = self._of(snapshot), snapshot.text, self._of(snapshot).tree
        if before is not None and before.text == text:
            return before
        # Loading the grammar, once, is no work on this document.
        if known.pace.is_resting or language_for(snapshot.language_id) is None:
            return None
        with known.pace.working():
            known.tree = before.edited(text) if before else SyntaxTree.parse(snapshot.language_id, text)
        if known.tree is None:
            known.pace.refused()
        return known.tree

    def parses_no_worse(
        self, snapshot: DocumentSnapshot, text: str, *, is_whole: bool = True, is_strict: bool = False
    ) -> bool:
        """Whether `text` can be inserted at the cursor without breaking anything; True where it is not checked.

        Args:
            snapshot: the document and the cursor.
            text: one line or several.
            is_whole: False for one that breaks off within its line.
            is_strict: whether it may not add an error either where a later line could take it away.
        """
        from glm_lsp.syntax.validity import parses_no_worse  # noqa: PLC0415 - with the parser

        tree, pace = self.tree(snapshot), self._of(snapshot).pace
        if tree is None or pace.is_resting:
            return True
        with pace.working():
            return parses_no_worse(
                tree, snapshot.offset, text, is_whole=is_whole, is_strict=is_strict, clocks=self._clocks
            )

    def mode(self, snapshot: DocumentSnapshot) -> Mode:
        """What the completion at the cursor may write. No key typed on a line changes it, so it is chosen once."""
        known, text, cursor = self._of(snapshot), snapshot.text, snapshot.offset
        above, below = text[: line_start(text, cursor)], text[line_end(text, cursor) :]
        if known.mode is None or known.above != above or known.below != below:
            tree = self.tree(snapshot)
            with known.pace.working():
                known.mode = choose_mode(snapshot, tree)
            known.above, known.below = above, below
        return known.mode

    def forget(self, uri: str) -> None:
        """Drops what is remembered of a document."""
        for key in [key for key in self._known if key[0] == uri]:
            del self._known[key]

    def _of(self, snapshot: DocumentSnapshot) -> _Known:
        key = snapshot.uri, snapshot.language_id
        known = self._known.setdefault(key, _Known(Pace(self._clocks)))
        self._known.move_to_end(key)
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)
        return known

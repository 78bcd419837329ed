"""All the work of finding references, done on one thread: reading, parsing, comparing, choosing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from glm_lsp.references import neighbours
from glm_lsp.references.candidate import ALL_KINDS, Candidate, Explained, Kind, Verdict
from glm_lsp.references.chunk import MAX_LINES, around, most_similar
from glm_lsp.references.definitions import Definitions, Use
from glm_lsp.references.files import MAX_FILE_BYTES, OpenDocument, WorkspaceFiles
from glm_lsp.references.ring import Ring, RingChunk
from glm_lsp.references.selection import Selection, select
from glm_lsp.references.spot import PieceSize, Spot
from glm_lsp.syntax.tree import SyntaxTree

_MAX_EXPLAINED = 200
_LONGEST_CHUNK = 6000
_HARD_REFUSALS = frozenset([Verdict.SECRET_FILE, Verdict.EXCLUDED])


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What is to be found, and everything that is known when it is asked for.

    Attributes:
        roots: the workspace folders, absolute.
        is_trusted: whether anything may be read from disk.
        kinds: what is looked for.
        document: the one in hand; `line` is the cursor's.
        max_chars: the budget.
        open_documents: what else the editor has open.
        visited: documents that were opened or left since the last errand, oldest first.
        closed: files of documents that were closed since then.
        shown: what is shown now.
        stays: whether the cursor is still where it was when `shown` was chosen.
        is_shown: whether the model sees the pieces, so that those like the text at the cursor would be repeated.
    """

    roots: tuple[str, ...]
    is_trusted: bool
    kinds: frozenset[Kind] = ALL_KINDS
    document: OpenDocument
    max_chars: int
    open_documents: tuple[OpenDocument, ...] = ()
    visited: tuple[OpenDocument, ...] = ()
    closed: frozenset[str] = frozenset()
    shown: tuple[Candidate, ...] = ()
    stays: bool = False
    is_shown: bool = True


class Gatherer:
    """Finds references for one errand after another; keeps what it has read for the next one."""

    def __init__(self) -> None:
        self._files = WorkspaceFiles((), is_trusted=False)
        self._definitions = Definitions(self._files)
        self._ring = Ring()
        self._refused: dict[tuple[str, Kind], Verdict] = {}

    def gather(self, errand: Errand, cancelled: Callable[[], bool]) -> Selection:
        """The references for an errand; what was not found yet when it is cancelled is left out."""
        self._refused = {}
        self._prepare(errand)
        document = errand.document
        spot = Spot.of(document.file, document.language_id, document.text, document.line or 0)
        if Kind.RING in errand.kinds:
            self._fill_ring(errand, spot)
        if cancelled() or not errand.max_chars:
            return Selection()
        if document.file and self._files.refusal(document.file, document.real_file) in _HARD_REFUSALS:
            return Selection()
        selection = select(
            self._candidates(errand, spot, cancelled),
            errand.shown,
            errand.max_chars,
            spot.near if errand.is_shown else frozenset(),
            stays=errand.stays,
        )
        refused = (
            Explained(self._files.shown_path(file), kind, 0, verdict)
            for (file, kind), verdict in self._refused.items()
        )
        return Selection(selection.chosen, (*selection.explained, *refused)[:_MAX_EXPLAINED])

    def _prepare(self, errand: Errand) -> None:
        if (self._files.roots, self._files.is_trusted) != (errand.roots, errand.is_trusted):
            self._files = WorkspaceFiles(errand.roots, is_trusted=errand.is_trusted)
            self._definitions = Definitions(self._files)
        self._files.refresh(errand.open_documents, errand.document.file)

    def _fill_ring(self, errand: Errand, spot: Spot) -> None:
        for document in errand.visited:
            found = self._files.visited_text(document)
            if isinstance(found, Verdict):
                self._refuse(document.file, Kind.RING, found)
                continue
            if document.line is None:
                text = most_similar(found.text, spot.near, MAX_LINES, _LONGEST_CHUNK)[1]
            else:
                text = around(found.text, document.line, MAX_LINES, _LONGEST_CHUNK)
            if text:
                self._ring.add(RingChunk.of(document.file, text))
        for file in errand.closed:
            # What is saved in the workspace can be read there; a draft that is thrown away is gone.
            if not self._files.exists(file):
                self._ring.forget(file)

    def _candidates(self, errand: Errand, spot: Spot, cancelled: Callable[[], bool]) -> list[Candidate]:
        """Best first. Measured: what is alike is worth more than what is recent (docs/decisions.md)."""
        size = PieceSize.for_budget(errand.max_chars)
        found: list[Candidate] = []
        if Kind.DEFINITIONS in errand.kinds and len(spot.text) <= MAX_FILE_BYTES:
            tree = SyntaxTree.parse(spot.language_id, spot.text)
            if tree is not None:
                found += self._definitions.find(Use(spot, tree), self._refuse, cancelled)
        if Kind.NEIGHBOUR in errand.kinds:
            found += neighbours.find(self._files, spot, size, self._refuse, cancelled)
        if Kind.RING in errand.kinds:
            found += self._from_ring(spot, size)
        return found

    def _from_ring(self, spot: Spot, size: PieceSize) -> list[Candidate]:
        """Newest first. Rules may have changed since a piece was taken, so each is asked for again."""
        found = []
        for chunk in reversed(self._ring.chunks):
            if chunk.file == spot.file:
                continue
            refusal = self._files.refusal(chunk.file)
            if refusal is not None:
                self._refuse(chunk.file, Kind.RING, refusal)
                continue
            text = chunk.text
            if len(text) > size.max_chars or text.count("\n") >= size.num_lines:
                text = most_similar(text, spot.near, size.num_lines, size.max_chars)[1]
            if text:
                found.append(Candidate(Kind.RING, self._files.shown_path(chunk.file), text))
        return found

    def _refuse(self, file: str, kind: Kind, verdict: Verdict) -> None:
        if verdict is not Verdict.ITSELF:
            self._refused[file, kind] = verdict

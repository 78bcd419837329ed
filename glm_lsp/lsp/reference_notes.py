"""What happens in the editor, on its way to those who find references; kept until they are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glm_lsp.lsp.document import Document
from glm_lsp.lsp.workspace_path import document_key, relative_path
from glm_lsp.references.location import path_of

if TYPE_CHECKING:
    from glm_lsp.references.finder import WorkspaceFinder
    from glm_lsp.references.source import ReferenceSource


class ReferenceNotes:
    """Takes note on the event loop from the greeting on; the source of references is loaded after it was answered."""

    def __init__(self) -> None:
        self._source: ReferenceSource | None = None
        self._waiting: list[Callable[[ReferenceSource], None]] = []

    def finder(self) -> WorkspaceFinder:
        """Who finds references from now on; loads the modules for it the first time."""
        from glm_lsp.references.finder import WorkspaceFinder  # noqa: PLC0415 - loaded with the engine's link
        from glm_lsp.references.source import ReferenceSource  # noqa: PLC0415

        if self._source is None:
            self._source = ReferenceSource(())
            for note in self._waiting:
                note(self._source)
            self._waiting.clear()
        return WorkspaceFinder(self._source)

    def folders(self, uris: Iterable[str]) -> None:
        """The workspace has these folders."""
        roots = [Path(path) for uri in uris if (path := path_of(uri))]
        self._note(lambda source: source.set_roots(roots))

    def trusted(self, is_trusted: bool) -> None:
        """Whether files of the workspace may be read."""
        self._note(lambda source: source.set_trust(is_trusted))

    def opened(self, document: Document, folders: Iterable[str]) -> None:
        """A document was opened."""
        path = relative_path(document.uri, folders)
        key, text = document_key(document.uri), str(document.text)
        self._note(lambda source: source.open(key, path, document.real_path, document.language_id, text))

    def edited(self, document: Document, line: int) -> None:
        """A document was edited at a line, counted from 0."""
        key, text = document_key(document.uri), str(document.text)
        self._note(lambda source: source.edited(key, text, line))

    def saved(self, uri: str) -> None:
        """A file was written."""
        self._note(lambda source: source.saved(document_key(uri)))

    def closed(self, uri: str) -> None:
        """A document was closed."""
        self._note(lambda source: source.close(document_key(uri)))

    def explain(self) -> list[dict[str, Any]]:
        """What the last request used and what it left out, and why; never any text."""
        if self._source is None:
            return []
        return [
            {"path": one.path, "kind": one.kind, "chars": one.chars, "verdict": one.verdict}
            for one in self._source.explain()
        ]

    def close(self) -> None:
        """Ends the search that is under way."""
        if self._source is not None:
            self._source.stop()

    def _note(self, note: Callable[[ReferenceSource], None]) -> None:
        if self._source is not None:
            note(self._source)
        else:
            self._waiting.append(note)

"""What happens in the editor, on its way to those who find references; kept until they are there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glm_lsp.lsp.document import Document
from glm_lsp.lsp.workspace_path import document_key, relative_path
from glm_lsp.references.location import path_of

if TYPE_CHECKING:
    from glm_lsp.references.finder import WorkspaceFinder
    from glm_lsp.references.source import ReferenceSource


class ReferenceNotes:
    """Takes note on the event loop from the greeting on; the source of references is loaded after it was answered.

    Until then, which is for ever where no engine can be had, only what is open is kept, by reference.
    """

    def __init__(self) -> None:
        self._source: ReferenceSource | None = None
        self._roots: list[Path] = []
        self._is_trusted = True
        self._open: dict[str, tuple[Document, str]] = {}

    def finder(self) -> WorkspaceFinder:
        """Who finds references from now on; loads the modules for it the first time."""
        from glm_lsp.references.finder import WorkspaceFinder  # noqa: PLC0415 - loaded with the engine's link
        from glm_lsp.references.source import ReferenceSource  # noqa: PLC0415

        if self._source is None:
            self._source = ReferenceSource(self._roots, is_trusted=self._is_trusted)
            for document, path in self._open.values():
                _open(self._source, document, path)
            self._open.clear()
        return WorkspaceFinder(self._source)

    def folders(self, uris: Iterable[str]) -> None:
        """The workspace has these folders."""
        self._roots = [Path(path) for uri in uris if (path := path_of(uri))]
        if self._source is not None:
            self._source.set_roots(self._roots)

    def trusted(self, is_trusted: bool) -> None:
        """Whether files of the workspace may be read."""
        self._is_trusted = is_trusted
        if self._source is not None:
            self._source.set_trust(is_trusted)

    def opened(self, document: Document, folders: Iterable[str]) -> None:
        """A document was opened."""
        path = relative_path(document.uri, folders)
        if self._source is None:
            self._open[document_key(document.uri)] = document, path
        else:
            _open(self._source, document, path)

    def edited(self, document: Document, line: int) -> None:
        """A document was edited at a line, counted from 0."""
        if self._source is not None:
            self._source.edited(document_key(document.uri), str(document.text), line)

    def saved(self, uri: str) -> None:
        """A file was written."""
        if self._source is not None:
            self._source.saved(document_key(uri))

    def closed(self, uri: str) -> None:
        """A document was closed."""
        self._open.pop(document_key(uri), None)
        if self._source is not None:
            self._source.close(document_key(uri))

    @property
    def readable_roots(self) -> tuple[Path, ...]:
        """The folders whose files may be read; none without trust."""
        return tuple(self._roots) if self._is_trusted else ()

    def explain(self) -> list[dict[str, Any]]:
        """What the last request used and what it left out, and why; never any text."""
        if self._source is None:
            return []
        return [
            {
                "path": one.path,
                "kind": one.kind,
                "chars": one.chars,
                "verdict": one.verdict,
                "explanation": one.verdict.explanation,
            }
            for one in self._source.explain()
        ]

    def close(self) -> None:
        """Ends the search that is under way."""
        if self._source is not None:
            self._source.stop()


def _open(source: ReferenceSource, document: Document, path: str) -> None:
    key, text = document_key(document.uri), str(document.text)
    source.open(key, path, document.real_path, document.language_id, text)

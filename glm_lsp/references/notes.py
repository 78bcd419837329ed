"""What has happened in the editor since references were looked for last. On the event loop; every call is cheap."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from glm_lsp.references.files import OpenDocument
from glm_lsp.references.location import file_of_key

FAR_LINES = 32
"""A change so far from the last one is in another place."""
_MAX_VISITED = 16
_MAX_OPEN = 256


@dataclass(frozen=True, slots=True)
class Happened:
    """Since the last time: documents that were opened or left, oldest first, and files of those that were closed."""

    visited: tuple[OpenDocument, ...]
    closed: frozenset[str]


class EditorNotes:
    """The open documents, and where in them somebody has been. Documents that lie nowhere are not noted."""

    def __init__(self) -> None:
        self._documents: dict[str, OpenDocument] = {}
        self._visited: deque[OpenDocument] = deque(maxlen=_MAX_VISITED)
        self._closed: set[str] = set()
        self._last = ""

    @property
    def documents(self) -> tuple[OpenDocument, ...]:
        """The open documents, those opened or changed last first."""
        return tuple(reversed(self._documents.values()))[:_MAX_OPEN]

    def open(self, key: str, real_path: str, language_id: str, text: str) -> None:
        """Notes a document with its text."""
        file = file_of_key(key)
        if not file:
            return
        document = OpenDocument(file, real_path, language_id, text)
        self._documents.pop(key, None)
        self._documents[key] = document
        self._closed.discard(file)
        self._visited.append(document)

    def edited(self, key: str, text: str, line: int) -> None:
        """Notes a change; the place of the last one is a visited one if this is far from it."""
        document = self._documents.get(key)
        if document is None:
            return
        before = self._documents.get(self._last)
        if before is not None and before.line is not None:
            is_far = self._last != key or abs(before.line - line) > FAR_LINES
            if is_far:
                self._visited.append(before)
        if self._last != key:
            del self._documents[key]  # the last one changed comes last
        self._last = key
        self._documents[key] = replace(document, text=text, line=line)

    def close(self, key: str) -> None:
        """Forgets a document; what was visited in it is for the gatherer to decide."""
        document = self._documents.pop(key, None)
        if document is None:
            return
        if document.line is not None:
            self._visited.append(document)
        self._closed.add(document.file)

    def take(self) -> Happened:
        """What has happened; it is told once."""
        happened = Happened(tuple(self._visited), frozenset(self._closed))
        self._visited.clear()
        self._closed.clear()
        return happened

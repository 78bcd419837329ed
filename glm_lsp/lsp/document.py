"""The documents the editor has open, and snapshots of them.

pygls keeps documents, too, but splits lines where LSP does not, miscounts columns behind the end of a line, and
reads documents from disk that were never opened; so ours stand in their place. Everything here runs on the event
loop. A document that is not open does not exist: nothing is ever read from disk.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.lsp.positions import PositionEncoding, column_from_units, units_from_column
from glm_lsp.lsp.text import Text, without_lone_surrogates
from glm_lsp.lsp.workspace_path import document_key, real_path, relative_path
from glm_lsp.usage.edit import Edit

logger = logging.getLogger(__name__)

Place = tuple[int, int]
"""Line and column, both from 0; in the editor's units unless said otherwise. Any integers."""


@dataclass(frozen=True, slots=True)
class Change:
    """One edit: `text` in place of `range`, or of everything."""

    text: str
    range: tuple[Place, Place] | None = None


@dataclass(slots=True)
class Document:
    """One open document."""

    uri: str
    language_id: str
    version: int
    text: Text
    real_path: str = ""
    changed: float = -math.inf
    """When its text was last changed, on the clock of `time.monotonic`; opening it does not count."""

    def apply(self, change: Change, encoding: PositionEncoding) -> Edit:
        """Makes one edit. A range beyond the text is cut to it, a reversed one turned round."""
        new = without_lone_surrogates(change.text)
        if change.range is None:
            edit = Edit(0, str(self.text), new)
            self.text = Text(new)
            return edit
        start, end = sorted(self.clamp(place, encoding) for place in change.range)
        edit = Edit(self.text.offset(*start), self.text.between(start, end), new)
        self.text.replace(start, end, new)
        return edit

    def clamp(self, place: Place, encoding: PositionEncoding) -> Place:
        """The nearest place within the text, its column in code points."""
        line, units = place
        if line < 0:
            return 0, 0
        if line >= self.text.num_lines:
            return self.text.num_lines - 1, len(self.text.line(-1))
        return line, column_from_units(self.text.line(line), max(units, 0), encoding)


class Documents:
    """Every open document, by URI.

    Args:
        encoding: the unit of columns agreed on with the editor.
        folders: URIs of the workspace folders; the paths in snapshots are relative to them.
    """

    def __init__(
        self, encoding: PositionEncoding = PositionEncoding.UTF16, folders: Sequence[str] = ()
    ) -> None:
        self.encoding = encoding
        self.folders = list(folders)
        self._documents: dict[str, Document] = {}
        self._noted: set[str] = set()

    def __len__(self) -> int:
        return len(self._documents)

    def get(self, uri: str) -> Document | None:
        """The document, if it is open."""
        return self._documents.get(document_key(uri))

    def open(self, uri: str, language_id: str, version: int, text: str) -> None:
        """Starts, or starts again, with a text."""
        if self.get(uri) is not None:
            self._note("a document was opened twice; the later text holds")
        text = without_lone_surrogates(text)
        self._documents[document_key(uri)] = Document(uri, language_id, version, Text(text), real_path(uri))

    def change(self, uri: str, version: int | None, changes: Sequence[Change]) -> list[Edit]:
        """Makes the edits in order, each on the result of the one before, and gives them back.

        A version that does not grow is only logged. The pipe keeps messages in order, so such an edit is not late:
        the editor counts oddly. Leaving it out would make our text differ from the editor's for good.
        """
        document = self.get(uri)
        if document is None:
            self._note("an edit of a document that is not open was ignored")
            return []
        if version is None or version <= document.version:
            self._note("the version of an edit was not larger than the one before")
        edits = [document.apply(change, self.encoding) for change in changes]
        document.version = document.version + 1 if version is None else version
        document.changed = time.monotonic()
        return edits

    def close(self, uri: str) -> None:
        """Forgets everything about the document."""
        self._documents.pop(document_key(uri), None)

    def snapshot(self, uri: str, place: Place) -> DocumentSnapshot | None:
        """The document as it is now with the cursor at `place`, cut to the text; None if it is not open."""
        document = self.get(uri)
        if document is None:
            return None
        return DocumentSnapshot(
            uri=document.uri,
            path=without_lone_surrogates(relative_path(document.uri, self.folders)),
            language_id=document.language_id,
            version=document.version,
            text=str(document.text),
            offset=self.offset(uri, place),
            real_path=document.real_path,
        )

    def offset(self, uri: str, place: Place) -> int:
        """Code points before `place`, cut to the text; the document must be open."""
        document = self._documents[document_key(uri)]
        return document.text.offset(*document.clamp(place, self.encoding))

    def typed_since(self, snapshot: DocumentSnapshot) -> str | None:
        """What was inserted at the snapshot's cursor since it was taken; None if anything else happened.

        Texts are compared, not versions: an answer fits the text it was made for, whatever its number.
        """
        document = self.get(snapshot.uri)
        if document is None:
            return None
        now, before, offset = str(document.text), snapshot.text, snapshot.offset
        if now is before:
            return ""
        num_typed = len(now) - len(before)
        is_insertion = num_typed >= 0 and now.startswith(before[:offset]) and now.endswith(before[offset:])
        return now[offset : offset + num_typed] if is_insertion else None

    def between(self, uri: str, start: int, end: int) -> str:
        """The text between two offsets of a document; empty if it is not open."""
        document = self.get(uri)
        return "" if document is None else str(document.text)[start:end]

    def since_change_s(self, uri: str) -> float:
        """Seconds since the last edit of a document, infinite before the first; the document must be open."""
        return time.monotonic() - self._documents[document_key(uri)].changed

    def place(self, uri: str, offset: int) -> Place:
        """Where an offset into the present text lies, in the editor's units; the document must be open."""
        document = self._documents[document_key(uri)]
        line, column = document.text.place(offset)
        return line, units_from_column(document.text.line(line), column, self.encoding)

    def _note(self, oddity: str) -> None:
        """Logs an oddity of the editor's once: it would be there at every key."""
        if oddity not in self._noted:
            self._noted.add(oddity)
            logger.warning("%s", oddity)

"""A document as it was when a request came in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSnapshot:
    """Frozen text, version and cursor; what happens to the document afterwards does not reach it.

    Attributes:
        uri: as the editor names the document.
        path: relative to the workspace with forward slashes, as the model sees it; the file's name when it lies
            outside, empty for an unsaved document.
        language_id: LSP language identifier, for example "python".
        version: the editor's version number of `text`.
        real_path: where the file really lies, links resolved; empty where that is the same or unknown.
        offset: the cursor, in code points from the start of `text`; 0 <= offset <= len(text).
    """

    uri: str
    path: str
    language_id: str
    version: int
    text: str
    offset: int
    real_path: str = ""

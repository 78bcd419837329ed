"""Types at one place of one file: each key an edit, and the request behind it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from glm_lsp.bench.editor import Editor

_LONGEST_LINE = 60


class Keyboard:
    """Opens a document and stands at the end of one of its lines.

    Args:
        editor: with a server that has been greeted.
        folder: the workspace; the file need not be there.
        lines: of the document, none with a line break.
        line: where to type, from 0; nothing stands on it.
    """

    def __init__(self, editor: Editor, folder: Path, lines: Sequence[str], line: int) -> None:
        self._editor = editor
        self._uri = (folder / "typed.py").as_uri()
        self._line, self._column, self._version = line, 0, 0
        item = {"uri": self._uri, "languageId": "python", "version": 0, "text": "\n".join(lines)}
        editor.notify("textDocument/didOpen", {"textDocument": item})

    def press(self, char: str) -> int:
        """Types an ASCII character, or a line break when the line is long; returns the id of the request."""
        place = {"line": self._line, "character": self._column}
        if self._column >= _LONGEST_LINE:
            char, self._line, self._column = "\n", self._line + 1, 0
        else:
            self._column += 1
        self._version += 1
        edit = {
            "textDocument": {"uri": self._uri, "version": self._version},
            "contentChanges": [{"range": {"start": place, "end": place}, "text": char}],
        }
        question = {
            "textDocument": {"uri": self._uri},
            "position": {"line": self._line, "character": self._column},
            "context": {"triggerKind": 2},
        }
        self._editor.notify("textDocument/didChange", edit)
        return self._editor.send("textDocument/inlineCompletion", question)

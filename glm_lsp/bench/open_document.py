"""A document of an editor, kept in step with the server's copy of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from glm_lsp.bench.editor import Editor
from glm_lsp.bench.soundness import Fault, faults
from glm_lsp.completion.lines import line_end, line_start


@dataclass(slots=True)
class OpenDocument:
    r"""A document in an editor, lines ending with `\n`; each edit goes to the server as the characters it changes.

    Attributes:
        version: grows with each edit.
    """

    editor: Editor
    uri: str
    text: str
    version: int = 1

    @classmethod
    def open(cls, editor: Editor, uri: str, language: str, text: str) -> OpenDocument:
        """Opens it in the editor."""
        document = cls(editor, uri, text)
        item = {"uri": uri, "languageId": language, "version": document.version, "text": text}
        editor.notify("textDocument/didOpen", {"textDocument": item})
        return document

    @property
    def identifier(self) -> dict[str, str]:
        """The document as parameters name it."""
        return {"uri": self.uri}

    def place(self, offset: int) -> dict[str, int]:
        """The position of an offset in code points: its column in UTF-16 units."""
        start = line_start(self.text, offset)
        units = len(self.text[start:offset].encode("utf-16-le", "surrogatepass")) // 2
        return {"line": self.text.count("\n", 0, start), "character": units}

    def line_end(self, line: int) -> int:
        """Offset of the end of a line, counted from 0."""
        start = 0
        for _ in range(line):
            start = line_end(self.text, start) + 1
        return line_end(self.text, start)

    def replace(self, start: int, end: int, text: str) -> None:
        """Puts `text` in the place of `[start, end)`, here and at the server."""
        where = {"start": self.place(start), "end": self.place(end)}
        self.text = self.text[:start] + text + self.text[end:]
        self.version += 1
        self.editor.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self.uri, "version": self.version},
                "contentChanges": [{"range": where, "text": text}],
            },
        )

    def question(self, offset: int, *, automatic: bool = True) -> dict[str, Any]:
        """The parameters of `textDocument/inlineCompletion` with the cursor at an offset."""
        return {
            "textDocument": self.identifier,
            "position": self.place(offset),
            "context": {"triggerKind": 2 if automatic else 1},
        }

    def hint(self, offset: int, result: Any) -> str:
        """The first suggestion of an answer as it appears behind the cursor; empty when there is none."""
        items = result.get("items", []) if isinstance(result, dict) else result or []
        if not items:
            return ""
        text: str = items[0]["insertText"]
        place = items[0].get("range", {}).get("start")
        if place is None:
            return text
        # What stands between the range's start and the cursor is repeated by the item.
        line = line_start(self.text, offset)
        before = self.text[line:offset].encode("utf-16-le", "surrogatepass")[2 * place["character"] :]
        typed = before.decode("utf-16-le", "surrogatepass")
        return text[len(typed) :] if text.startswith(typed) else ""

    def faults(self, offset: int, result: Any) -> list[Fault]:
        """What is wrong with the first suggestion of an answer, the cursor being at an offset."""
        items = result.get("items", []) if isinstance(result, dict) else result or []
        if not items:
            return []
        where = items[0].get("range")
        start, end = (self.offset(where[edge]) for edge in ("start", "end")) if where else (offset, offset)
        return faults(self.text, offset, start, end, items[0])

    def offset(self, place: Mapping[str, int]) -> int:
        """The offset of a place, its column in UTF-16 units."""
        start = self.line_end(place["line"])
        start = line_start(self.text, start)
        line = self.text[start : line_end(self.text, start)].encode("utf-16-le", "surrogatepass")
        return start + len(line[: 2 * place["character"]].decode("utf-16-le", "surrogatepass"))

    def close(self) -> None:
        """Closes it in the editor."""
        self.editor.notify("textDocument/didClose", {"textDocument": self.identifier})

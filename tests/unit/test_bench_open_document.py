"""A document of the benchmarks' editor: its copy at the server stays the same text."""

from __future__ import annotations

from typing import Any

import pytest

from glm_lsp.bench.open_document import OpenDocument
from glm_lsp.lsp.document import Change, Documents


class Sent:
    """Takes the place of an editor and notes what is sent, as the server's documents would take it."""

    def __init__(self) -> None:
        self.documents = Documents()

    def notify(self, method: str, params: dict[str, Any]) -> None:
        item = params["textDocument"]
        if method == "textDocument/didOpen":
            self.documents.open(item["uri"], item["languageId"], item["version"], item["text"])
        elif method == "textDocument/didChange":
            changes = [
                Change(change["text"], tuple((p["line"], p["character"]) for p in change["range"].values()))  # type: ignore[arg-type]
                for change in params["contentChanges"]
            ]
            self.documents.change(item["uri"], item["version"], changes)
        else:
            self.documents.close(item["uri"])


TEXT = "a😀b = 1\n\n    é = '😀😀'\nlast"


@pytest.fixture
def document() -> OpenDocument:
    return OpenDocument.open(Sent(), "file:///a.py", "python", TEXT)  # type: ignore[arg-type]


def text_at_server(document: OpenDocument) -> str:
    snapshot = document.editor.documents.snapshot(document.uri, (0, 0))  # type: ignore[attr-defined]
    assert snapshot is not None
    assert snapshot.version == document.version
    return str(snapshot.text)


@pytest.mark.parametrize("offset", range(len(TEXT) + 1))
def test_places_are_those_of_the_server(document: OpenDocument, offset: int) -> None:
    place = document.place(offset)
    server = document.editor.documents  # type: ignore[attr-defined]
    assert server.offset(document.uri, (place["line"], place["character"])) == offset


@pytest.mark.parametrize("start", range(0, len(TEXT), 3))
def test_edits_give_the_server_the_same_text(document: OpenDocument, start: int) -> None:
    for end, new in ((start, "x"), (min(start + 4, len(TEXT)), "\n  😀"), (start + 1, "")):
        document.replace(start, end, new)
        assert text_at_server(document) == document.text


def test_line_ends_are_found(document: OpenDocument) -> None:
    assert [document.line_end(line) for line in range(4)] == [7, 8, 21, len(TEXT)]


@pytest.mark.parametrize(
    ("result", "hint"),
    [
        (None, ""),
        ({"items": []}, ""),
        ([], ""),
        ({"items": [{"insertText": "more"}]}, "more"),
        ([{"insertText": "more"}], "more"),
        ({"items": [{"insertText": "more", "range": {"start": {"line": 0, "character": 4}}}]}, "more"),
        ({"items": [{"insertText": "b more", "range": {"start": {"line": 0, "character": 3}}}]}, " more"),
        ({"items": [{"insertText": "😀b more", "range": {"start": {"line": 0, "character": 1}}}]}, " more"),
        ({"items": [{"insertText": "other", "range": {"start": {"line": 0, "character": 1}}}]}, ""),
    ],
)
def test_hint_is_what_appears_behind_the_cursor(document: OpenDocument, result: Any, hint: str) -> None:
    assert document.hint(3, result) == hint


def test_question_names_cursor_and_trigger(document: OpenDocument) -> None:
    question = document.question(3, automatic=False)
    assert question["position"] == {"line": 0, "character": 4}
    assert question["context"] == {"triggerKind": 1}
    assert document.question(3)["context"] == {"triggerKind": 2}

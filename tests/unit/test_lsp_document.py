"""Open documents: snapshots, versions, and what was typed since."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.lsp.document import Change, Documents
from glm_lsp.lsp.positions import PositionEncoding

URI = "file:///home/me/proj/pkg/a.py"


@pytest.fixture
def documents() -> Documents:
    documents = Documents(PositionEncoding.UTF16, ["file:///home/me/proj"])
    documents.open(URI, "python", 1, "def f():\n    pass\n")
    return documents


def snapshot(documents: Documents, line: int, character: int) -> DocumentSnapshot:
    taken = documents.snapshot(URI, (line, character))
    assert taken is not None
    return taken


def insert(documents: Documents, line: int, character: int, text: str, version: int = 9) -> None:
    documents.change(URI, version, [Change(text, ((line, character), (line, character)))])


def test_a_snapshot_is_complete_and_does_not_change(documents: Documents) -> None:
    taken = snapshot(documents, 1, 4)
    assert taken == DocumentSnapshot(
        uri=URI, path="pkg/a.py", language_id="python", version=1, text="def f():\n    pass\n", offset=13
    )
    insert(documents, 0, 0, "# ")
    assert taken.text == "def f():\n    pass\n"
    assert snapshot(documents, 0, 0).version == 9


def test_positions_beyond_the_text_are_cut_to_it(documents: Documents) -> None:
    assert snapshot(documents, 0, 999).offset == len("def f():")
    assert snapshot(documents, 999, 0).offset == len("def f():\n    pass\n")
    assert snapshot(documents, 2, 5).offset == len("def f():\n    pass\n")


def test_what_is_not_open_does_not_exist(documents: Documents) -> None:
    assert documents.snapshot("file:///etc/hosts", (0, 0)) is None
    documents.change("file:///etc/hosts", 1, [Change("x")])
    documents.close("file:///etc/hosts")
    assert len(documents) == 1


def test_closing_drops_everything(documents: Documents) -> None:
    taken = snapshot(documents, 0, 0)
    documents.close(URI)
    assert documents.snapshot(URI, (0, 0)) is None
    assert documents.typed_since(taken) is None
    assert len(documents) == 0


def test_opening_again_starts_anew(documents: Documents, caplog: pytest.LogCaptureFixture) -> None:
    documents.open(URI, "python", 1, "new")
    assert snapshot(documents, 0, 0).text == "new"
    assert "opened twice" in caplog.text


def test_versions_that_do_not_grow_are_applied_and_logged_once(
    documents: Documents, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        insert(documents, 0, 0, "a", version=5)
        insert(documents, 0, 1, "b", version=5)
        insert(documents, 0, 2, "c", version=2)
    assert snapshot(documents, 0, 0).text.startswith("abcdef")
    assert caplog.text.count("was not larger") == 1
    assert "def f" not in caplog.text


def test_a_missing_version_counts_on(documents: Documents) -> None:
    documents.change(URI, None, [Change("x")])
    assert snapshot(documents, 0, 0).version == 2


@pytest.mark.parametrize(
    ("edits", "typed"),
    [
        ([], ""),
        ([(1, 4, "re")], "re"),
        ([(1, 4, "r"), (1, 5, "e")], "re"),
        ([(1, 4, "x\n  y")], "x\n  y"),
        ([(0, 0, "#")], None),
        ([(1, 8, "#")], None),
        ([(1, 4, "r"), (0, 0, "#")], None),
    ],
)
def test_what_was_typed_since(
    documents: Documents, edits: list[tuple[int, int, str]], typed: str | None
) -> None:
    taken = snapshot(documents, 1, 4)
    for edit in edits:
        insert(documents, *edit)
    assert documents.typed_since(taken) == typed


def test_deleting_is_not_typing_but_undoing_is_as_if_nothing_happened(documents: Documents) -> None:
    taken = snapshot(documents, 1, 4)
    documents.change(URI, 2, [Change("", ((1, 3), (1, 4)))])
    assert documents.typed_since(taken) is None
    insert(documents, 1, 3, " ")
    assert documents.typed_since(taken) == ""


def test_the_same_text_under_another_name_is_another_document(documents: Documents) -> None:
    taken = replace(snapshot(documents, 1, 4), uri="file:///home/me/proj/other.py")
    assert documents.typed_since(taken) is None


def test_text_typed_before_equal_text_is_still_found(documents: Documents) -> None:
    """The text after the cursor begins with what was typed: the prefix and suffix tests must not overlap."""
    documents.open(URI, "python", 1, "aaa")
    taken = snapshot(documents, 0, 1)
    insert(documents, 0, 1, "aa")
    assert documents.typed_since(taken) == "aa"
    documents.change(URI, 3, [Change("", ((0, 0), (0, 4)))])
    assert documents.typed_since(taken) is None


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 8), ("utf-16", 6), ("utf-32", 5)])
def test_places_are_in_the_editors_units(encoding: str, column: int) -> None:
    documents = Documents(PositionEncoding(encoding))
    documents.open(URI, "python", 1, "# \U0001f600 = 1\r\nx")
    taken = snapshot(documents, 0, column)
    assert documents.place(URI, taken.offset) == (0, column)
    assert taken.offset == 5

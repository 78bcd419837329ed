"""What happens in the editor before there is anybody to find references."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from glm_lsp.completion.other_files import OtherFiles
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.lsp.document import Change, Documents
from glm_lsp.lsp.reference_notes import ReferenceNotes

BESIDE = "".join(f"def area_of_{n}(width, height):\n    return width * height * {n}\n\n\n" for n in range(6))


def test_without_an_engine_nothing_piles_up(tmp_path: Path) -> None:
    notes, documents = ReferenceNotes(), Documents()
    uri = (tmp_path / "a.py").as_uri()
    documents.open(uri, "python", 0, "x = 1\n" * 2000)
    document = documents.get(uri)
    assert document is not None
    notes.opened(document, [tmp_path.as_uri()])
    tracemalloc.start()
    for version in range(1, 2001):
        documents.change(uri, version, [Change("y", ((0, 0), (0, 1)))])
        notes.edited(document, 0)
        notes.saved(uri)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1_000_000
    notes.closed(uri)
    assert notes.explain() == []
    notes.close()


async def test_what_was_open_and_allowed_before_is_known_afterwards(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text(BESIDE)
    notes, documents = ReferenceNotes(), Documents()
    notes.folders([tmp_path.as_uri()])
    uri = (tmp_path / "a.py").as_uri()
    text = BESIDE[:90] + "def area_of_oval(width, height):\n    return "
    documents.open(uri, "python", 0, text)
    document = documents.get(uri)
    assert document is not None
    notes.opened(document, [tmp_path.as_uri()])
    snapshot = DocumentSnapshot(
        uri=uri, path="a.py", language_id="python", version=0, text=text, offset=len(text)
    )
    notes.trusted(False)
    found = await notes.finder().find(snapshot, 512, copies=True)
    assert found == OtherFiles(), "nothing is read without trust, and that was said before"
    notes.trusted(True)
    for _ in range(100):
        found = await notes.finder().find(snapshot, 512, copies=True)
        if found.looked_up:
            break
    assert "area_of_3" in found.looked_up
    assert {one["path"] for one in notes.explain() if one["verdict"] == "used"} == {"beside.py"}
    notes.close()

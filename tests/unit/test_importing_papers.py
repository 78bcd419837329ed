"""Licences and notices of a checkpoint: which are taken along, and which only seem to be the checkpoint's."""

from __future__ import annotations

from pathlib import Path

import pytest

from glm_lsp.importing.papers import MAX_PAPER_BYTES, licence_of, papers_of

CARD = "---\nlicense: mit\n---\n# X"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    return folder


def test_licences_and_notices_are_taken(checkpoint: Path) -> None:
    for name in ("LICENSE", "MODEL_LICENSE.txt", "NOTICE.md", "LICENSE.py", "config.json"):
        (checkpoint / name).write_text("Terms", encoding="utf-8")
    (checkpoint / "LICENCE").write_bytes(bytes(MAX_PAPER_BYTES + 1))
    assert sorted(papers_of(checkpoint)) == ["LICENSE", "MODEL_LICENSE.txt", "NOTICE.md"]


def test_a_link_to_somebody_elses_file_is_left_out(checkpoint: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(CARD, encoding="utf-8")
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "1").write_text("not of this checkpoint", encoding="utf-8")
    (checkpoint / "LICENSE").symlink_to(secret)
    (checkpoint / "NOTICE").symlink_to(Path("..", "blobs", "1"))
    (checkpoint / "README.md").symlink_to(secret)
    (checkpoint / "MODEL_LICENSE").symlink_to(checkpoint / "MODEL_LICENSE")
    assert papers_of(checkpoint) == {}
    assert licence_of(checkpoint) == ""


def test_links_of_a_cache_and_within_the_folder_are_followed(tmp_path: Path) -> None:
    cache = tmp_path / "models--org--name"
    snapshot, blobs = cache / "snapshots" / ("a" * 40), cache / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for number, (name, text) in enumerate((("LICENSE", "Terms"), ("README.md", CARD))):
        (blobs / str(number)).write_text(text, encoding="utf-8")
        (snapshot / name).symlink_to(Path("..", "..", "blobs", str(number)))
    (snapshot / "NOTICE").symlink_to("LICENSE")
    assert {name: path.read_text("utf-8") for name, path in papers_of(snapshot).items()} == {
        "LICENSE": "Terms",
        "NOTICE": "Terms",
    }
    assert licence_of(snapshot) == "mit"
    through_a_link = tmp_path / "link"
    through_a_link.symlink_to(snapshot)
    assert sorted(papers_of(through_a_link)) == ["LICENSE", "NOTICE"]

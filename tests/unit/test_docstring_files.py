"""Files that are to be documented: read once, and every place found in them."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

import pytest

from glm_lsp.docstring_files import SourceToDocument, targets
from glm_lsp.errors import NothingToDocumentError, PositionError

_OPENED: list[str] | None = None


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _OPENED is not None:
        _OPENED.append(str(arguments[0]))


@pytest.fixture
def opened() -> list[str]:
    """Files that are opened from now on."""
    global _OPENED  # noqa: PLW0603  # an audit hook cannot be taken away
    if _OPENED is None:
        sys.addaudithook(_note)
    _OPENED = []
    return _OPENED


def read(*arguments: str) -> SourceToDocument:
    [target] = targets(arguments)
    return SourceToDocument.read(target, None, private=True)


def test_a_file_is_read_once_whatever_is_named_in_it(tmp_path: Path, opened: list[str]) -> None:
    path = tmp_path / "a.py"
    path.write_text("def f(x):\n    return x\n\n\ndef g(y):\n    return y\n")
    opened.clear()
    found = read(f"{path}:1", f"{path}:2", f"{path}:5")
    assert [item.entity.name for item in found.items] == ["f", "g"]
    assert opened.count(str(path)) == 1
    opened.clear()
    assert len(read(str(path)).items) == 3
    assert opened.count(str(path)) == 1


def test_places_that_are_not_there_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1\n\n\ndef f():\n    pass\n\n\ny = 2\n")
    with pytest.raises(PositionError, match="has 9 lines"):
        read(f"{path}:4", f"{path}:99")
    with pytest.raises(NothingToDocumentError, match=r"no definition at .*a\.py:8"):
        read(f"{path}:8")


def test_lines_and_columns_are_an_editors(tmp_path: Path) -> None:
    rng = random.Random(1)
    text = "".join(rng.choice(["ä", "😀", "x = 1", "\n", "\r\n", "\r", "\t", "\u2028"]) for _ in range(400))
    path = tmp_path / "a.py"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    found = read(str(path))
    assert found.source.snapshot.text == text
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] == "\r\n":
            continue  # within a line end
        before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
        assert found.place(offset) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


def test_many_places_in_a_long_file_take_no_time(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1  # a line among many\n" * 30_000)
    found = read(str(path))
    started = time.process_time()
    for offset in range(0, 800_000, 80):
        found.place(offset)
    assert time.process_time() - started < 2

"""FILE:LINE:COL: every way it can be written, and every file that cannot be completed in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from glm_lsp.errors import (
    InputError,
    PositionError,
    SourceNotFoundError,
    SourceNotTextError,
    SourceTooLargeError,
)
from glm_lsp.source_file import MAX_SOURCE_BYTES, SourcePosition, language_id


@pytest.mark.parametrize(
    ("argument", "file", "line", "column"),
    [
        ("a.py:3", "a.py", 3, None),
        ("a.py:3:4", "a.py", 3, 4),
        (r"C:\x\y.py:3:4", r"C:\x\y.py", 3, 4),
        (r"C:\x\y.py:3", r"C:\x\y.py", 3, None),
        ("with space.py:1:1", "with space.py", 1, 1),
        ("odd:name:3:4", "odd:name", 3, 4),
        ("1:2:3:4", "1:2", 3, 4),
        ("new\nline.py:1", "new\nline.py", 1, None),
    ],
)
def test_parse(argument: str, file: str, line: int, column: int | None) -> None:
    assert SourcePosition.parse(argument) == SourcePosition(Path(file), line, column)


@pytest.mark.parametrize(
    "argument",
    ["a.py", r"C:\x.py", "", ":", ":3", "a.py:", "a.py:x", "a.py:-1", "a.py:3:", "a.py:1.5", "a:٣"],
)
def test_parse_needs_a_line(argument: str) -> None:
    with pytest.raises(InputError, match="names no line") as caught:
        SourcePosition.parse(argument)
    assert caught.value.code == "GLM-100"


def snapshot_at(tmp_path: Path, content: bytes, position: str) -> tuple[str, str]:
    """The text before and after the cursor."""
    (tmp_path / "a.py").write_bytes(content)
    snapshot = SourcePosition.parse(f"{tmp_path / 'a.py'}:{position}").snapshot()
    return snapshot.text[: snapshot.offset], snapshot.text[snapshot.offset :]


@pytest.mark.parametrize(
    ("content", "position", "before", "after"),
    [
        (b"", "1", "", ""),
        (b"", "1:1", "", ""),
        (b"ab\ncd\n", "1:1", "", "ab\ncd\n"),
        (b"ab\ncd\n", "1:3", "ab", "\ncd\n"),
        (b"ab\ncd\n", "2", "ab\ncd", "\n"),
        (b"ab\ncd\n", "3:1", "ab\ncd\n", ""),
        (b"ab\r\ncd\r\n", "1", "ab", "\r\ncd\r\n"),
        (b"ab\r\ncd\r\n", "2:2", "ab\r\nc", "d\r\n"),
        (b"ab\rcd", "2:1", "ab\r", "cd"),
        (b"\xef\xbb\xbfab\n", "1:2", "a", "b\n"),
        ("x = '🙂é'\n".encode(), "1:7", "x = '🙂", "é'\n"),
        ("x\N{LINE SEPARATOR}y\x0cz".encode(), "1:4", "x\N{LINE SEPARATOR}y", "\x0cz"),
    ],
)
def test_cursor(tmp_path: Path, content: bytes, position: str, before: str, after: str) -> None:
    assert snapshot_at(tmp_path, content, position) == (before, after)


@pytest.mark.parametrize("position", ["0", "1:0", "1:4", "3:2", "4", "999999999:1", "1:999999999"])
def test_position_outside_the_file(tmp_path: Path, position: str) -> None:
    with pytest.raises(PositionError) as caught:
        snapshot_at(tmp_path, b"ab\ncd\n", position)
    assert caught.value.code == "GLM-104"


def test_position_error_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(PositionError, match="3 lines, so no line 4"):
        snapshot_at(tmp_path, b"ab\ncd\n", "4")
    with pytest.raises(PositionError, match="1 line, so no line 2"):
        snapshot_at(tmp_path, b"", "2")
    with pytest.raises(PositionError, match="2 characters, so no column 4"):
        snapshot_at(tmp_path, b"ab\ncd\n", "1:4")


@pytest.mark.parametrize("name", ["missing.py", "missing/a.py", "a.py/b.py"])
def test_missing_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.py").write_text("")
    with pytest.raises(SourceNotFoundError):
        SourcePosition(tmp_path / name, 1).snapshot()


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceNotTextError, match="is a folder"):
        SourcePosition(tmp_path, 1).snapshot()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in the file system")
def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(SourceNotTextError, match="not a regular file"):
        SourcePosition(tmp_path / "pipe.py", 1).snapshot()


@pytest.mark.parametrize("name", ["nul\0.py", "x" * 5000])
def test_name_the_system_refuses(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceNotTextError, match="cannot be read"):
        SourcePosition(tmp_path / name, 1).snapshot()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\x7fELF\0\1", "NUL"), ("ab".encode("utf-16"), "NUL"), (b"ok\ncaf\xe9\n", "byte 0xe9 in line 2")],
)
def test_not_text(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(SourceNotTextError, match=reason) as caught:
        snapshot_at(tmp_path, content, "1")
    assert caught.value.code == "GLM-102"


def test_largest_file_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    before, _ = snapshot_at(tmp_path, b"x" * MAX_SOURCE_BYTES, "1")
    assert len(before) == MAX_SOURCE_BYTES
    with pytest.raises(SourceTooLargeError, match=r"10\.0 MiB"):
        snapshot_at(tmp_path, b"x" * (MAX_SOURCE_BYTES + 1), "1")


def test_path_is_relative_to_the_current_folder_as_in_a_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "ünïcode name.py").write_text("x")
    monkeypatch.chdir(tmp_path)
    snapshot = SourcePosition(Path("pkg/ünïcode name.py"), 1).snapshot()
    assert snapshot.path == "pkg/ünïcode name.py"
    assert snapshot.uri == (tmp_path / "pkg" / "ünïcode name.py").as_uri()
    assert snapshot.language_id == "python"
    monkeypatch.chdir(tmp_path / "pkg")
    (tmp_path / "b.py").write_text("x")
    assert SourcePosition(tmp_path / "b.py", 1).snapshot().path == "b.py"


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("a.PY", "python"),
        ("a.tsx", "typescriptreact"),
        ("Makefile", "makefile"),
        ("a.zig", "zig"),
        ("LICENSE", ""),
    ],
)
def test_language_id(name: str, language: str) -> None:
    assert language_id(Path(name)) == language

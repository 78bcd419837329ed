"""Files are replaced whole, keep what is theirs, and are never lost."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from glm_lsp.errors import DocumentChangedError, SourceNotTextError, StorageError, StorageFullError
from glm_lsp.source_replacement import EditableSource

posix_only = pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")


def others(path: Path) -> list[str]:
    return [each.name for each in path.parent.iterdir() if each.name != path.name]


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_and_byte_order_mark_stay(tmp_path: Path, start: bytes, line_end: str) -> None:
    path = tmp_path / "käse.py"
    path.write_bytes(start + f"a = 1{line_end}b = 'ä😀'{line_end}".encode())
    source = EditableSource.read(path)
    assert source.text == f"a = 1{line_end}b = 'ä😀'{line_end}"
    assert source.replace(f"# new{line_end}{source.text}")
    assert path.read_bytes() == start + f"# new{line_end}a = 1{line_end}b = 'ä😀'{line_end}".encode()
    assert others(path) == []


def test_the_same_text_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"a = 1\n")
    before = path.stat()
    assert not EditableSource.read(path).replace("a = 1\n")
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_changed_meanwhile_is_left_as_it_is_now(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"a = 1\n")
    source = EditableSource.read(path)
    path.write_bytes(b"a = 2\n")
    with pytest.raises(DocumentChangedError, match=r"a\.py was changed"):
        source.replace("# new\na = 1\n")
    assert path.read_bytes() == b"a = 2\n"
    assert others(path) == []


def test_a_file_deleted_meanwhile_is_not_made_again(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"a = 1\n")
    source = EditableSource.read(path)
    path.unlink()
    with pytest.raises(StorageError):
        source.replace("# new\n")
    assert list(tmp_path.iterdir()) == []


@posix_only
@pytest.mark.parametrize("mode", [0o755, 0o600, 0o664])
def test_mode_and_owner_stay(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"a = 1\n")
    path.chmod(mode)
    before = path.stat()
    EditableSource.read(path).replace("b = 1\n")
    after = path.stat()
    assert stat.S_IMODE(after.st_mode) == mode
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)


@posix_only
def test_a_link_stays_one_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    real, link, further = tmp_path / "inner" / "real.py", tmp_path / "link.py", tmp_path / "further.py"
    real.write_bytes(b"a = 1\n")
    link.symlink_to("inner/real.py")
    further.symlink_to("link.py")
    EditableSource.read(further).replace("b = 1\n")
    assert real.read_bytes() == b"b = 1\n"
    assert not real.is_symlink()
    assert (link.readlink(), further.readlink()) == (Path("inner/real.py"), Path("link.py"))


def test_a_read_only_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"a = 1\n")
    path.chmod(0o444)
    with pytest.raises(StorageError, match=r"a\.py is read-only"):
        EditableSource.read(path).replace("b = 1\n")
    path.chmod(0o644)
    assert path.read_bytes() == b"a = 1\n"
    assert others(path) == []


@pytest.mark.parametrize("moment", ["write", "fsync", "replace"])
def test_what_fails_in_the_middle_leaves_the_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"a = 1\n")
    source = EditableSource.read(path)

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    if moment == "write":
        monkeypatch.setattr(os, "fdopen", full)
    elif moment == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt if moment == "replace" else StorageFullError):
        source.replace("b = 1\n")
    monkeypatch.undo()
    assert path.read_bytes() == b"a = 1\n"
    assert others(path) == []


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a\0b"])
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(data)
    with pytest.raises(SourceNotTextError):
        EditableSource.read(path)

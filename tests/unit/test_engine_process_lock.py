"""The lock of an address and the state file beside it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from glm_lsp.engine.process import lock as process_lock
from glm_lsp.engine.process.lock import ProcessLock
from glm_lsp.engine.process.state import ProcessState, StateFile
from glm_lsp.errors import StorageError

HOLD = """
import sys, time
from pathlib import Path
from glm_lsp.engine.process import lock as process_lock
from glm_lsp.engine.process.lock import ProcessLock
assert ProcessLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    first, second = ProcessLock(tmp_path / "x.lock"), ProcessLock(tmp_path / "x.lock")
    assert second.holder() is None
    assert first.acquire()
    assert not second.acquire()
    assert second.holder() == os.getpid()
    first.release()
    assert second.holder() is None
    assert second.acquire()
    second.release()


def test_looking_who_holds_it_does_not_keep_anyone_out(tmp_path: Path) -> None:
    lock = ProcessLock(tmp_path / "x.lock")
    assert lock.acquire()
    lock.release()
    for _ in range(50):
        assert ProcessLock(tmp_path / "x.lock").holder() is None
        assert lock.acquire()
        lock.release()


def test_a_killed_holder_leaves_the_lock_free(tmp_path: Path) -> None:
    lock = ProcessLock(tmp_path / "x.lock")
    with subprocess.Popen([sys.executable, "-c", HOLD, str(lock.path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert lock.holder() == holder.pid
        assert not lock.acquire()
        holder.send_signal(signal.SIGKILL)
    assert lock.path.read_text() == str(holder.pid)
    assert lock.holder() is None
    assert lock.acquire()
    lock.release()


def test_a_removed_lock_file_does_not_let_two_in_by_accident(tmp_path: Path) -> None:
    lock = ProcessLock(tmp_path / "x.lock")
    assert lock.acquire()
    lock.path.unlink()
    successor = ProcessLock(tmp_path / "x.lock")
    assert successor.acquire()
    assert ProcessLock(tmp_path / "x.lock").holder() == os.getpid()
    lock.release()
    assert not ProcessLock(tmp_path / "x.lock").acquire()
    successor.release()


def test_a_file_replaced_just_before_it_is_locked_is_locked_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = ProcessLock(tmp_path / "x.lock")
    take, files = process_lock._lock, []

    def replace_once(descriptor: int) -> bool:
        if not files:
            files.append(lock.path.rename(tmp_path / "old.lock"))
        return take(descriptor)

    monkeypatch.setattr(process_lock, "_lock", replace_once)
    assert lock.acquire()
    assert not ProcessLock(lock.path).acquire()
    lock.release()


def test_a_lock_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        ProcessLock(tmp_path / "file" / "x.lock").acquire()


def test_the_state_comes_back_as_it_was_written(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "x.json")
    assert file.read() is None
    state = ProcessState(status="ready", pid=7, version="1", address="127.0.0.1:5", model="m", token="abc")  # noqa: S106
    file.write(state)
    assert file.read() == state
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file.path]
    file.remove()
    file.remove()
    assert file.read() is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"status": "asleep"}', b"\xff", b"[" * 100_000])
def test_a_state_that_cannot_be_understood_is_none(tmp_path: Path, content: bytes) -> None:
    file = StateFile(tmp_path / "x.json")
    file.path.write_bytes(content)
    assert file.read() is None


def test_a_state_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    state = ProcessState(status="starting", pid=7, version="1", address="unix:/x")
    with pytest.raises(StorageError):
        StateFile(tmp_path / "file" / "x.json").write(state)

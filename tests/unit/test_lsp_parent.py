"""Noticing that a process is gone, in each of the ways a platform may offer."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from glm_lsp.lsp import parent


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


@pytest.mark.parametrize("way", ["pidfd", "poll"])
def test_a_death_is_noticed(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "poll":
        monkeypatch.setattr(parent.sys, "platform", "darwin")
        monkeypatch.setattr(parent, "_POLL_S", 0.05)
    process = sleeper()
    gone = threading.Event()
    parent.watch_parent(process.pid, gone.set)
    assert not gone.wait(0.3)
    process.kill()
    # Polling sees a process until it has been waited for.
    process.wait()
    assert gone.wait(2)


@pytest.mark.parametrize("way", ["pidfd", "poll"])
def test_nobody_is_gone_at_once(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "poll":
        monkeypatch.setattr(parent.sys, "platform", "darwin")
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    gone = threading.Event()
    parent.watch_parent(process.pid, gone.set)
    assert gone.wait(2)


def test_a_zombie_parent_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has waited for it, so it still can be signalled; but we have been given another parent."""
    monkeypatch.setattr(parent, "_POLL_S", 0.01)
    monkeypatch.setattr(os, "getppid", iter([4711, 4711, 4711, 1]).__next__)
    monkeypatch.setattr(parent, "_is_alive", lambda pid: True)
    start = time.monotonic()
    parent._poll(4711)
    assert time.monotonic() - start < 2


def test_somebody_elses_process_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert parent._is_alive(1)


@pytest.mark.skipif(sys.platform != "linux", reason="pidfd is Linux's")
def test_without_pidfd_it_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "pidfd_open", refuse)
    monkeypatch.setattr(parent, "_POLL_S", 0.05)
    process = sleeper()
    gone = threading.Event()
    parent.watch_parent(process.pid, gone.set)
    process.kill()
    process.wait()
    assert gone.wait(2)

"""Notices when the editor has died, even if somebody else keeps its end of our pipes open."""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections.abc import Callable

_POLL_S = 1.0


def watch_parent(pid: int, on_gone: Callable[[], None]) -> None:
    """Calls `on_gone`, in a thread of its own, once the process is gone; at once if there is none."""

    def watch() -> None:
        _wait_until_gone(pid)
        on_gone()

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _wait_until_gone(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid) if sys.platform == "linux" else None
    except ProcessLookupError:
        return
    except OSError:  # a kernel without it, or a sandbox that forbids it
        descriptor = None
    if descriptor is None:
        _poll(pid)
        return
    with os.fdopen(descriptor):
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        poller.poll()


def _poll(pid: int) -> None:
    was_parent = os.getppid() == pid
    while _is_alive(pid) and not (was_parent and os.getppid() != pid):
        time.sleep(_POLL_S)


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":
        return _is_alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # alive, and somebody else's
        return True
    return True


def _is_alive_on_windows(pid: int) -> bool:
    import ctypes  # noqa: PLC0415

    synchronize, timed_out = 0x00100000, 0x00000102
    kernel32 = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle = kernel32.OpenProcess(synchronize, False, pid)
    if not handle:
        return False
    try:
        return bool(kernel32.WaitForSingleObject(handle, 0) == timed_out)
    finally:
        kernel32.CloseHandle(handle)

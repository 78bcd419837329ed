"""Runs a program that a model had a hand in, within limits.

That is a guard against accidents, no wall against malice: the program may still read, write and delete whatever its
user may.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from glm_lsp.errors import InputError
from glm_lsp.progress import Progress, silent

CPU_S = 3
"""Seconds of computing, not of waiting, so that a busy machine changes no result."""

WALL_S = 20.0
"""For a program that waits instead of computing."""

ADDRESS_SPACE = 2**30

_CHILD = Path(__file__).with_name("sandbox_child.py")
_POLL_S = 0.2


def check_system() -> None:
    """Makes sure that programs can be limited here.

    Raises:
        InputError: they cannot.
    """
    if os.name != "posix":
        raise InputError(
            "programs with a line written by a model are not executed on Windows, which cannot limit them",
            "Run it on Linux or macOS, or in WSL.",
        )


class Sandbox:
    """Runs programs, one or many.

    Args:
        cpu_s: seconds of CPU each may use.
        wall_s: seconds after which each is killed.
    """

    def __init__(self, cpu_s: int = CPU_S, wall_s: float = WALL_S) -> None:
        self._cpu_s = cpu_s
        self._wall_s = wall_s
        self._closing = threading.Event()

    def passes(self, program: str) -> bool:
        """Whether a program runs to its end without an error. One that leaves early has not, whatever its status.

        It gets Python's own modules and no other packages, an empty folder, which is deleted afterwards, no
        environment to speak of, no input, no network, and 1 GiB of address space. Whatever it has started in its
        session is killed with it.
        """
        with tempfile.TemporaryDirectory(prefix="glm-lsp-eval-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / "program.py"
            path.write_text(program, encoding="utf-8", errors="surrogatepass")
            # The child reads a token, which the program never sees, and sends it back when the program has ended.
            token = secrets.token_bytes(16)
            ours, its = socket.socketpair()
            with ours, its:
                ours.setblocking(False)
                ours.sendall(token)
                numbers = (its.fileno(), self._cpu_s, ADDRESS_SPACE)
                child = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-I", "-S", str(_CHILD), str(path), *map(str, numbers)],
                    cwd=folder,
                    env={"PATH": os.defpath, "HOME": folder, "TMPDIR": folder},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=(its.fileno(),),
                    start_new_session=True,
                )
                try:
                    return self._has_ended(child) and _received(ours) == token
                finally:
                    with suppress(ProcessLookupError, PermissionError):
                        os.killpg(child.pid, signal.SIGKILL)
                    child.wait()

    def verdicts(self, programs: Sequence[str], progress: Progress = silent) -> list[bool]:
        """`passes` of each program; as many at a time as there are cores, and equal ones once."""
        unique = list(dict.fromkeys(programs))
        found: dict[str, bool] = {}
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            try:
                for program, verdict in zip(unique, pool.map(self.passes, unique), strict=True):
                    found[program] = verdict
                    progress(len(found), len(unique))
            except BaseException:
                self._closing.set()  # leaving the pool waits for what runs
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return [found[program] for program in programs]

    def _has_ended(self, child: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + self._wall_s
        while time.monotonic() < deadline and not self._closing.is_set():
            with suppress(subprocess.TimeoutExpired):
                child.wait(_POLL_S)
                return True
        return False


def _received(channel: socket.socket) -> bytes:
    """What has arrived: nothing more comes from a process that has ended."""
    try:
        return channel.recv(64)
    except OSError:  # nothing has
        return b""

"""A program in a terminal of its own: keys go in; what it draws is taken away, so that it never waits."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

_ROWS, _COLUMNS = 50, 140
_TAKE_TERMINAL = 'exec "$@" <>"$0" >&0 2>&0'
"""The first program of a session that opens a terminal gets it for its own."""


class Terminal:
    """A running program with a terminal.

    Args:
        command: the program.
        cwd: where it is started.
        environ: all of its variables but `TERM`.
        rows: the height of the terminal in lines.
        columns: its width in characters.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        cwd: Path,
        environ: Mapping[str, str],
        rows: int = _ROWS,
        columns: int = _COLUMNS,
    ) -> None:
        self._descriptor, self._theirs = pty.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _TAKE_TERMINAL, os.ttyname(self._theirs), *command],
            cwd=cwd,
            env={**environ, "TERM": "xterm-256color"},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._drawn = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def is_running(self) -> bool:
        """Whether the program has not ended."""
        return self._process.poll() is None

    @property
    def drawn(self) -> str:
        """Everything it has drawn so far, with the terminal's codes in it."""
        return bytes(self._drawn).decode(errors="replace")

    def keys(self, keys: str) -> None:
        """Types, as a terminal sends it: ESC is `\\x1b`, Tab `\\t`, Enter `\\r`."""
        os.write(self._descriptor, keys.encode())

    def close(self) -> None:
        """Hangs up, as when a window is closed; kills it after some seconds."""
        if self.is_running:
            os.killpg(self._process.pid, signal.SIGHUP)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._theirs)  # with it the reader's last read ends
        self._reader.join(timeout=10)
        os.close(self._descriptor)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._descriptor, 65536)
            except OSError:  # Linux says so when nobody has the other end any more
                return
            if not data:
                return
            self._drawn += data

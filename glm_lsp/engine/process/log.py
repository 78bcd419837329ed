"""The engine's log: one file of at most 10 MiB and one older one, readable by their owner alone.

What native code writes to stdout and stderr goes to the same file. Prompts and source text are logged at
DEBUG only, which the engine never turns on by itself.
"""

from __future__ import annotations

import logging
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from glm_lsp.paths import storage_error

MAX_BYTES = 10 * 1024 * 1024
FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


class EngineLogHandler(RotatingFileHandler):
    """Writes and rotates the log, and takes stdout and stderr along to each new file.

    Raises:
        StorageError: the file cannot be opened.
    """

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        try:
            super().__init__(
                path, maxBytes=max_bytes, backupCount=1, encoding="utf-8", errors="backslashreplace"
            )
        except OSError as error:
            raise storage_error(path, error) from error
        self.setFormatter(logging.Formatter(FORMAT))

    def doRollover(self) -> None:  # noqa: N802 - logging's name
        """Lets go of the file first: Windows does not rename what is open."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        redirect_output(nowhere)
        os.close(nowhere)
        super().doRollover()

    def _open(self) -> TextIO:  # type: ignore[override]
        descriptor = open_log(Path(self.baseFilename))
        redirect_output(descriptor)
        return os.fdopen(descriptor, "a", encoding=self.encoding, errors=self.errors)


def open_log(path: Path) -> int:
    """Opens the log for appending, as a file descriptor; a log others could read becomes private.

    Raises:
        OSError: it cannot be opened.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    # A device keeps its mode: as root, /dev/null would be lost to everybody else.
    if sys.platform != "win32" and stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, 0o600)
    return descriptor


def redirect_output(descriptor: int) -> None:
    """Sends what this process writes to stdout and stderr, native code included, to a file."""
    for stream in (1, 2):
        os.dup2(descriptor, stream)


@contextmanager
def logging_to(path: Path | None, level: int = logging.INFO) -> Iterator[None]:
    """Logs to the file, or to stderr when there is none.

    Afterwards stdout and stderr are what they were, so that an error which ends the process reaches whoever
    started it at a terminal.

    Raises:
        StorageError: the file cannot be opened.
    """
    # What went to the log before is not kept open: Windows could not rotate it.
    before = [os.dup(stream) for stream in (1, 2)] if path and not _is_output(path) else []
    try:
        handler = EngineLogHandler(path) if path else logging.StreamHandler()
        handler.setFormatter(logging.Formatter(FORMAT))
        logging.basicConfig(level=level, handlers=[handler], force=True)
        yield
    finally:
        for stream, descriptor in enumerate(before, start=1):
            os.dup2(descriptor, stream)
            os.close(descriptor)


def _is_output(path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(2), path.stat())
    except OSError:
        return False


def log_tail(path: Path, num_lines: int = 12) -> str:
    """The last lines of a log, control characters replaced; empty when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    lines = ["".join(char if char.isprintable() else "?" for char in line) for line in text.splitlines()]
    return "\n".join(lines[-num_lines:])

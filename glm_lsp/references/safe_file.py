"""Opening a file that somebody else may have put there: regular ones only, of a bounded size."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from glm_lsp.references.candidate import Verdict

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True, slots=True)
class FileState:
    """What changes when a file does."""

    device: int
    inode: int
    mtime_ns: int
    size: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileState:
        """From what the system says."""
        return cls(status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)


def state_of(path: str, max_bytes: int) -> FileState | Verdict:
    """What is known of a file without opening it; a link is not a regular file."""
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return Verdict.UNREADABLE
    if not stat.S_ISREG(status.st_mode):
        return Verdict.NOT_A_FILE
    return FileState.of(status) if status.st_size <= max_bytes else Verdict.TOO_LARGE


def read_file(path: str, max_bytes: int) -> tuple[FileState, bytes] | Verdict:
    """The content of a regular file. Nothing else is ever opened, and a link at `path` is not followed."""
    known = state_of(path, max_bytes)
    if isinstance(known, Verdict):
        return known
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError):
        return Verdict.UNREADABLE
    try:
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            # It may have been replaced between the two looks.
            if not stat.S_ISREG(status.st_mode):
                return Verdict.NOT_A_FILE
            data = file.read(max_bytes + 1)
    except OSError:
        return Verdict.UNREADABLE
    return (FileState.of(status), data) if len(data) <= max_bytes else Verdict.TOO_LARGE

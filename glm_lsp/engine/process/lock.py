"""The lock that makes an engine the only one of its address.

The system drops the lock when its holder dies, however it dies, and the holder's process id is written inside.
So while the lock is held, that process id names a live engine and never a stranger that inherited the number.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from glm_lsp.paths import storage_error

_PATIENCE_S = 0.3
_RETRY_S = 0.02


class ProcessLock:
    """An exclusive lock on a file, held from `acquire` to `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Takes the lock; False when another process holds it.

        Waits a moment before it says no: a front that looks who holds the lock has it for an instant.

        Raises:
            StorageError: the file cannot be made or written.
        """
        deadline = time.monotonic() + _PATIENCE_S
        while (descriptor := self._try_once()) is None:
            if time.monotonic() > deadline:
                return False
            time.sleep(_RETRY_S)
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, b"%d" % os.getpid())
        except OSError as error:
            os.close(descriptor)
            raise storage_error(self.path, error) from error
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Gives the lock back. The file stays: removing it would let two holders in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def holder(self) -> int | None:
        """Process id of whoever holds the lock; None when nobody does, 0 when it has not written its id yet.

        Raises:
            StorageError: the file cannot be opened.
        """
        try:
            descriptor = os.open(self.path, os.O_RDWR)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_error(self.path, error) from error
        try:
            if _lock(descriptor):
                return None
            return _read_pid(descriptor)
        finally:
            os.close(descriptor)

    def _try_once(self) -> int | None:
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise storage_error(self.path, error) from error
        # A file that was removed meanwhile is nobody's to lock: another process would lock its successor.
        if _lock(descriptor) and _is_at(descriptor, self.path):
            return descriptor
        os.close(descriptor)
        return None


def _is_at(descriptor: int, path: Path) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def _read_pid(descriptor: int) -> int:
    with suppress(OSError, ValueError):
        os.lseek(descriptor, 0, os.SEEK_SET)
        return int(os.read(descriptor, 20))
    return 0


if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE = 1 << 30  # far behind the process id: Windows forbids others to read locked bytes

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True
else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

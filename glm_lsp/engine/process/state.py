"""The file in which an engine says how far it is: starting, ready, or failed and why.

Fronts read it to learn the port and token of an engine with a free port, and to relay the error of one that did
not come up. It may be stale; only together with a held `ProcessLock` does it speak of a live process.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from glm_lsp.paths import storage_error

Status = Literal["starting", "ready", "failed"]


class ProcessState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Contents of the state file. `error` is a `GlmError.to_dict()`; `address` has the real port."""

    status: Status
    pid: int
    version: str
    address: str
    model: str = ""
    token: str | None = None
    error: dict[str, str] | None = None


class StateFile:
    """Reads and replaces the state of the engine at one address."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, state: ProcessState) -> None:
        """Replaces the state; readers see the old one or the new one, never a part. Others may not read it.

        Raises:
            StorageError: the file cannot be written.
        """
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}.tmp")
        try:
            fresh.unlink(missing_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(state))
            fresh.replace(self.path)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink()
            raise storage_error(self.path, error) from error

    def read(self) -> ProcessState | None:
        """The state, or None when there is none that can be understood."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=ProcessState)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None

    def remove(self) -> None:
        """Forgets the state; nothing happens when there is none.

        Raises:
            StorageError: the file cannot be removed.
        """
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise storage_error(self.path, error) from error

"""Starts an engine process that outlives the front that started it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glm_lsp.engine.process.log import open_log
from glm_lsp.errors import EngineStartError
from glm_lsp.paths import storage_error


class Child:
    """A started engine process.

    Args:
        command: program and arguments.
        log_file: takes what the process prints before it has opened its log itself.

    Raises:
        EngineStartError: the command cannot be run.
        StorageError: the log cannot be written.
    """

    def __init__(self, command: Sequence[str], log_file: Path) -> None:
        try:
            log = open_log(log_file)
        except OSError as error:
            raise storage_error(log_file, error) from error
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Not the folder of the user's project: Python might look for modules there.
                cwd=log_file.parent,
                **_DETACHED,
            )
        except OSError as error:
            raise EngineStartError(f"{command[0]} cannot be run: {error.strerror or error}") from error
        finally:
            os.close(log)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs; the negative signal number when a signal ended it."""
        return self._process.poll()

    def kill(self) -> None:
        """Ends it at once."""
        self._process.kill()
        self._process.wait()

    def disown(self) -> None:
        """Leaves it alone from now on; Python would complain about a process that was not waited for."""
        if self._process.poll() is None:
            self._process.returncode = 0


_DETACHED: dict[str, Any]
if sys.platform == "win32":
    _DETACHED = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
else:
    # Its own session: signals to the editor's terminal or process group do not reach it.
    _DETACHED = {"start_new_session": True}

"""Runs the real command line in a process of its own, with a home of its own that holds one tiny model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.tiny_model import tiny_model

TIMEOUT_S = 60


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """stdout as the one JSON document it has to be."""
        return json.loads(self.stdout)


class CommandLine:
    """`glm-lsp` with `GLM_LSP_HOME` set to `home`; call it with arguments.

    Args:
        home: a folder; `make_home` makes one with a model.
        environ: variables besides.
    """

    def __init__(self, home: Path, **environ: str) -> None:
        self.home = home
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GLM_LSP_")}
        self.environ = {**clean, "GLM_LSP_HOME": str(home), **environ}

    def __call__(self, *arguments: str, cwd: Path | None = None) -> Finished:
        result = subprocess.run(
            [*COMMAND, *arguments],
            env=self.environ,
            cwd=cwd or self.home,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            check=False,
        )
        return Finished(result.returncode, result.stdout.decode("utf-8"), result.stderr.decode("utf-8"))

    def with_environ(self, **environ: str) -> CommandLine:
        """The same with further variables."""
        mine = {name: value for name, value in self.environ.items() if name.startswith("GLM_LSP_")}
        mine.pop("GLM_LSP_HOME")
        return CommandLine(self.home, **{**mine, **environ})


COMMAND = (sys.executable, "-W", "error", "-m", "glm_lsp")


def press_ctrl_c(running: subprocess.Popen[Any]) -> None:
    """Interrupts a command until it is gone; after a minute it is killed."""
    # The import of a native library swallows an interruption: one presses again.
    for _ in range(30):
        running.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            running.wait(timeout=2)
            return
    running.kill()


def make_home(folder: Path) -> CommandLine:
    """A command line whose set model is `tiny`."""
    tiny_model(folder / "models")
    return CommandLine(folder, GLM_LSP_MODEL="tiny")

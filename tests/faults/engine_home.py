"""A home for engine processes under test: their files, their processes, and the certainty that none is left."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from glm_lsp.engine.address import LocalAddress, UnixAddress, companion_file, parse_address
from glm_lsp.engine.process.state import ProcessState, StateFile
from tests.fakes.fake_server import connect, short_folder, wait_until

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "tests.fakes.fake_engine")


class EngineHome:
    """Everything that fake engines started here leave behind.

    Attributes:
        address: a socket in this home.
        options: make an engine keep its records here, by which it is also recognised.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = UnixAddress(folder / "run" / "engine.sock")
        self.options = ("--record", str(folder / "record"))

    def start(self, *arguments: str, address: LocalAddress | str | None = None) -> subprocess.Popen[str]:
        """Starts an engine as somebody at a terminal would."""
        listen = ("--listen", str(address or self.address))
        return subprocess.Popen(
            [*COMMAND, *self.options, *listen, *arguments],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def start_ready(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts an engine and waits until it serves."""
        process = self.start(*arguments)
        wait_until(lambda: self.is_ready(process.pid), timeout_s=30)
        return process

    def is_ready(self, pid: int) -> bool:
        """Whether this process says that it serves."""
        state = self.state()
        return state is not None and state.status == "ready" and state.pid == pid

    def state(self, address: LocalAddress | None = None) -> ProcessState | None:
        """The state file of an address."""
        return StateFile(companion_file(address or self.address, ".json")).read()

    def answers(self) -> bool:
        """Whether somebody listens at the address."""
        with suppress(OSError):
            connect(self.address).close()
            return True
        return False

    def events(self, event: str) -> list[dict[str, str]]:
        """What engines recorded: "started" (behind the lock), "finished" and "cancelled" completions."""
        with suppress(FileNotFoundError):
            lines = (self.folder / "record").read_text().splitlines()
            return [record for record in map(json.loads, lines) if record["event"] == event]
        return []

    def num_fronts(self) -> int:
        """How many fronts the engine of the first state file found here has."""
        state = StateFile(next(self.folder.rglob("*.json"))).read()
        address = parse_address(state.address) if state else self.address
        with connect(address) as connection:
            connection.sendall(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
            metrics = connection.makefile(encoding="utf-8").read()
        return int(float(re.search(r"fronts_attached (\d\S*)", metrics)[1]))  # type: ignore[index]

    def processes(self) -> list[psutil.Process]:
        """The engines of this home that live (a zombie does not)."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if (
                    str(self.folder) in " ".join(process.cmdline())
                    and process.status() != psutil.STATUS_ZOMBIE
                ):
                    found.append(process)
        return found

    def texts(self) -> Iterator[str]:
        """The contents of every file that engines wrote."""
        for file in self.folder.rglob("*"):
            if file.is_file():
                yield file.read_text(errors="replace")


@contextmanager
def engine_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineHome]:
    """A fresh home; ends every engine that a test left running."""
    with short_folder() as folder:
        monkeypatch.setenv("GLM_LSP_HOME", str(folder))
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        home = EngineHome(folder)
        try:
            yield home
        finally:
            for process in home.processes():
                with suppress(psutil.Error):
                    os.kill(process.pid, signal.SIGKILL)

"""An engine process of a measurement's own: nothing of the user's settings, sockets or caches has a part in it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from glm_lsp.doctor.machine import proc_file
from glm_lsp.engine.address import Address, TcpAddress, UnixAddress
from glm_lsp.engine.client.client import HttpEngineClient
from glm_lsp.engine.client.launcher import ENGINE_COMMAND
from glm_lsp.engine.description import EngineDescription
from glm_lsp.errors import EngineError, EngineStartError
from glm_lsp.models.store import ModelFolder
from glm_lsp.paths import HOME_VARIABLE

START_S = 180.0

LINGER_S = "60"
"""Far longer than a measurement asks nothing; an engine whose measurement was killed leaves after it."""

_POLL_S = 0.01
_END_S = 10.0
_LOG_TAIL = 1500


@dataclass(frozen=True, slots=True)
class EngineProcess:
    """A started engine.

    Attributes:
        started: when, on `time.perf_counter`'s clock.
    """

    address: Address
    started: float
    child: subprocess.Popen[bytes]
    log: Path

    async def ready(self, client: HttpEngineClient) -> EngineDescription:
        """Waits until it answers.

        Raises:
            EngineStartError: it ended, or does not answer within `START_S`; the message has its log's end.
        """
        while time.perf_counter() < self.started + START_S:
            try:
                return await client.describe()
            except EngineError:
                if self.child.poll() is not None:
                    raise self._failure("it ended while it started") from None
            await asyncio.sleep(_POLL_S)
        raise self._failure(f"it did not answer within {START_S:.0f} s")

    @property
    def resident_mib(self) -> float | None:
        """Memory it holds now; None where the system does not tell."""
        return _mib(self.child.pid, "VmRSS")

    @property
    def peak_mib(self) -> float | None:
        """The most memory it has held; None where the system does not tell."""
        return _mib(self.child.pid, "VmHWM")

    def _failure(self, cause: str) -> EngineStartError:
        tail = self.log.read_bytes()[-_LOG_TAIL:].decode(errors="replace").strip()
        return EngineStartError(f"the engine of the measurement: {cause}\n{tail}")


@contextmanager
def _interrupts_held() -> Iterator[list[int]]:
    """Ctrl-C within the block only fills the list: a process that is just being made would be left behind."""
    held: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield held
        return
    before = signal.signal(signal.SIGINT, lambda number, _frame: held.append(number))
    try:
        yield held
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def engine_process(
    folder: ModelFolder, threads: int, memory_mib: int | None = None, device: str = "auto"
) -> Iterator[EngineProcess]:
    """Starts `glm-lsp engine` on a model; it is ended with the block.

    Args:
        folder: the model.
        threads: CPU threads; 0 chooses by the machine.
        memory_mib: limit of the KV cache; the program's default when omitted.
        device: where it runs.
    """
    with tempfile.TemporaryDirectory(prefix="glm-bench-", ignore_cleanup_errors=True) as name:
        room = Path(name)
        address = _free_address(room)
        command = [
            *ENGINE_COMMAND,
            *("--model", str(folder.path), "--listen", str(address), "--linger", LINGER_S),
            *("--threads", str(threads), "--device", device),
            *(("--memory-mib", str(memory_mib)) if memory_mib else ()),
        ]
        clean = {key: value for key, value in os.environ.items() if not key.startswith("GLM_LSP_")}
        log = room / "engine.log"
        with log.open("wb") as output, _interrupts_held() as held:
            started = time.perf_counter()
            child = subprocess.Popen(  # noqa: S603  # our own command
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=clean | {HOME_VARIABLE: str(room / "home")},
                cwd=room,
                # Ctrl-C is for this process, which then ends the engine itself.
                start_new_session=True,
            )
        try:
            if held:
                signal.raise_signal(signal.SIGINT)
            yield EngineProcess(address, started, child, log)
        finally:
            child.terminate()
            try:
                child.wait(_END_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _free_address(room: Path) -> Address:
    if sys.platform != "win32":
        return UnixAddress(room / "engine.sock")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return TcpAddress("127.0.0.1", probe.getsockname()[1])


def _mib(pid: int, field: str) -> float | None:
    kib = proc_file(f"{pid}/status").get(field, "").removesuffix(" kB")
    return int(kib) / 1024 if kib.isdigit() else None

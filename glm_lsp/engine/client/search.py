"""Finds the engine of one address, or brings it up: everything between "nobody answers" and "ready"."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from glm_lsp import __version__, paths
from glm_lsp.engine.address import LocalAddress, TcpAddress, companion_file, companion_stem, parse_address
from glm_lsp.engine.client.child import Child
from glm_lsp.engine.client.client import HttpEngineClient
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.process.lock import ProcessLock
from glm_lsp.engine.process.log import log_tail
from glm_lsp.engine.process.run import ALREADY_RUNNING
from glm_lsp.engine.process.state import ProcessState, StateFile
from glm_lsp.errors import (
    AccessError,
    EngineLostError,
    EngineMismatchError,
    EngineSilentError,
    EngineStartError,
    error_from_dict,
)

_POLL_S = 0.02
_KNOCK_S = 0.5
_PROGRESS_S = 1.0


class CrashError(EngineStartError):
    """The engine ended while it started, without saying why. Another try may work."""


@dataclass(frozen=True)
class EngineSpec:
    """Which engine is wanted.

    Attributes:
        address: where it listens.
        model: what the engine must call its model; "" accepts any name.
        model_hash: hash that the model's manifest must have; "" accepts any.
        command: starts it; `--listen` and `--log-file` are appended.
        start_timeout_s: seconds that it may take to come up.
    """

    address: LocalAddress
    model: str
    model_hash: str
    command: tuple[str, ...]
    start_timeout_s: float

    def log_file(self) -> Path:
        """The log of the engine at this address.

        Raises:
            StorageError: the log folder cannot be used.
        """
        return paths.log_dir() / f"engine-{companion_stem(self.address)}.log"

    def check(self, found: EngineDescription) -> None:
        """Compares the engine that answers with the one that is wanted.

        Raises:
            EngineMismatchError: it serves another version or model.
        """
        for what, has, wanted in (
            ("version", found.version, __version__),
            ("model", found.model, self.model),
            ("model hash", found.model_hash, self.model_hash),
        ):
            if wanted and has != wanted:
                raise EngineMismatchError(f"the engine at {self.address} has {what} {has!r}, not {wanted!r}")


class EngineSearch:
    """Brings up one engine, as often as need be.

    Args:
        spec: the wanted engine.
        on_progress: told about once a second how the start is going.

    Raises:
        StorageError: the runtime or log folder cannot be used.
    """

    def __init__(self, spec: EngineSpec, on_progress: Callable[[str], None]) -> None:
        self.spec = spec
        self.log_file = spec.log_file()
        self._on_progress = on_progress
        self._lock = ProcessLock(companion_file(spec.address, ".lock"))
        self._state_file = StateFile(companion_file(spec.address, ".json"))
        self._child: Child | None = None
        self._former: list[Child] = []
        self._state_before: ProcessState | None = None

    async def find(self) -> tuple[HttpEngineClient, EngineDescription]:
        """A client of the running engine, started if need be.

        Raises:
            GlmError: the error with which the engine process gave up, or a mismatch.
            CrashError: the process ended without a word.
            EngineStartError: it was not ready in time.
        """
        self._retire()
        started = reported = tried = time.monotonic()
        found = await self._connect()
        while found is None:
            self._examine_child()
            if self._child is None and self._lock.holder() is None:
                self._spawn()
            now = time.monotonic()
            if now - started > self.spec.start_timeout_s:
                raise self._too_slow()
            if now - reported >= _PROGRESS_S:
                reported = now
                self._on_progress(f"loading the model ({now - started:.0f} s)")
            await asyncio.sleep(_POLL_S)
            # Knocking costs more than looking at the state, and would take time from the engine's start.
            if self._is_ready() or now - tried > _KNOCK_S:
                tried = now
                found = await self._connect()
        return found

    def kill_stuck(self, pid: int) -> None:
        """Ends a silent engine, provided that `pid` still is the engine of this address and no newer one."""
        state = self._state_file.read()
        if pid and pid == self._lock.holder() and state is not None and state.pid == pid:
            with suppress(OSError):
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def with_log(self, error: EngineStartError) -> EngineStartError:
        """The error with the end of the engine's log in its remedy."""
        tail = log_tail(self.log_file)
        remedy = f"Look into {self.log_file}" + (f"; it ends with:\n{tail}" if tail else ".")
        return type(error)(error.cause, remedy)

    def close(self) -> None:
        """Leaves the engine process to itself."""
        self._retire()
        for child in self._former:
            child.disown()

    def _retire(self) -> None:
        """The end of a child that came up is no failed start; all that is left to do is to reap it."""
        children = [*self._former, *([self._child] if self._child else [])]
        self._former = [child for child in children if child.exit_status is None]
        self._child = None

    async def _connect(self) -> tuple[HttpEngineClient, EngineDescription] | None:
        state = self._state_file.read()
        client = self._client(state)
        if client is None:
            return None
        try:
            found = await client.describe()
            self.spec.check(found)
        except EngineSilentError:
            if state is not None and state.status == "ready":
                self.kill_stuck(state.pid)
        except (EngineLostError, AccessError):
            # Not up yet, or the token belonged to its predecessor.
            pass
        except BaseException:
            await client.close()
            raise
        else:
            return client, found
        await client.close()
        return None

    def _is_ready(self) -> bool:
        state = self._state_file.read()
        return state is not None and state.status == "ready"

    def _client(self, state: ProcessState | None) -> HttpEngineClient | None:
        address = self.spec.address
        if isinstance(address, TcpAddress) and address.port == 0:
            if state is None or state.status != "ready" or self._lock.holder() != state.pid:
                return None
            return HttpEngineClient(parse_address(state.address), state.token)
        return HttpEngineClient(address, state.token if state else None)

    def _spawn(self) -> None:
        self._state_before = self._state_file.read()
        arguments = ["--listen", str(self.spec.address), "--log-file", str(self.log_file)]
        self._child = Child([*self.spec.command, *arguments], self.log_file)

    def _examine_child(self) -> None:
        status = self._child.exit_status if self._child else None
        if status is None:
            return
        self._child = None
        state = self._state_file.read()
        if state and state.status == "failed" and state.error and state != self._state_before:
            raise error_from_dict(state.error)
        if status not in (0, ALREADY_RUNNING):
            raise self.with_log(CrashError(f"the engine ended with status {status} while it started"))

    def _too_slow(self) -> EngineStartError:
        if self._child and self._child.exit_status is None:
            self._child.kill()
        return self.with_log(
            EngineStartError(f"the engine was not ready after {self.spec.start_timeout_s:g} s")
        )

"""Whoever answers requests in a comparison: this program's engine or a peer, each in a process of its own.

All get the same token ids and the same number of tokens to write. Two are HTTP servers behind a unix socket; the others
are workers that speak a line of JSON for each request and answer over stdin and stdout. The parent waits in blocking
calls, so that it takes no processor time from whoever works.
"""

from __future__ import annotations

import http.client
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import msgspec

from glm_lsp.errors import InputError

START_S = 180.0
"""How long a contestant may take to load its model."""

ANSWER_S = 300.0
"""How long it may take to answer a request."""

_END_S = 5.0
_POLL_S = 0.05


class Answer(msgspec.Struct, frozen=True):
    """What came back: the tokens where the contestant tells their ids, else their text.

    `inside_ms` holds what a server says it spent, by phase: `prefill`, `decode`.
    """

    token_ids: list[int] | None = None
    text: str = ""
    inside_ms: dict[str, float] = {}


class Contestant(Protocol):
    """One engine that runs. `name` is a short label; `about` says versions and precision."""

    name: str
    about: dict[str, Any]

    def answer(self, token_ids: Sequence[int], num_tokens: int) -> Answer:
        """Writes `num_tokens` tokens greedily behind the prompt, fewer only after an end token.

        Raises:
            InputError: it died, answered something else, or nothing within `ANSWER_S`.
        """

    def pause(self) -> None:
        """Stops its process, and whatever its threads still do, until `resume`."""

    def resume(self) -> None:
        """Lets it go on."""

    def close(self) -> None:
        """Ends its process."""


class Process:
    """A child process in a process group of its own, with its output in a log.

    Ctrl-C is thus for the parent, which ends its children in order. Should the parent be killed, the system ends the
    children where `setpriv` can ask it to (Linux); elsewhere those that are stopped.
    """

    def __init__(
        self, command: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None, piped: bool = False
    ) -> None:
        """Raises `InputError` when the program cannot be run."""
        self.name, self._log = Path(command[0]).name, log
        if not shutil.which(command[0]):
            raise InputError(f"{command[0]} cannot be run", "Set the peer up anew, or leave it out.")
        pipe = subprocess.PIPE if piped else None
        with log.open("wb") as output:
            try:
                self.child = subprocess.Popen(  # noqa: S603
                    [*_dies_with_parent(), *command],
                    stdin=pipe or subprocess.DEVNULL,
                    stdout=pipe or output,
                    stderr=output,
                    env={**os.environ, **(env or {})},
                    process_group=0,
                )
            except OSError as error:
                raise InputError(f"{command[0]} cannot be run: {error.strerror}") from error

    def failure(self, what: str) -> InputError:
        """An error with the end of the log."""
        with suppress(OSError):
            what += "\n" + self._log.read_bytes()[-1500:].decode(errors="replace").strip()
        return InputError(f"{self.name}: {what}", "Set the peer up anew, or leave it out.")

    def signal(self, number: int) -> None:
        """Sends a signal to it and its children."""
        with suppress(ProcessLookupError):
            os.killpg(self.child.pid, number)

    def close(self) -> None:
        """Ends it, gently at first."""
        if self.child.poll() is None:
            self.signal(signal.SIGCONT)
        for stream in (self.child.stdin, self.child.stdout):
            if stream:
                # What a dead one was to be told is still in the buffer, and fails once more.
                with suppress(OSError):
                    stream.close()
        if self.child.poll() is None:
            self.child.terminate()
        try:
            self.child.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.child.wait()


class HttpContestant:
    """A server behind a unix socket, asked over one connection that is kept.

    Args:
        name: label.
        process: the server, starting.
        socket_path: where it will listen.
        health: path that answers 200 once it is ready.
        path: where completions are made.
        about: versions and settings.
    """

    def __init__(
        self, name: str, process: Process, socket_path: Path, *, health: str, path: str, about: dict[str, Any]
    ) -> None:
        self.name, self.about = name, about
        self._process, self._path = process, path
        self._connection = _UnixConnection(socket_path)
        try:
            self._wait(health)
        except BaseException:
            self.close()
            raise

    def request(self, token_ids: Sequence[int], num_tokens: int) -> Mapping[str, Any]:
        """The body of a request, as this server wants it."""
        raise NotImplementedError

    def read(self, reply: Any) -> Answer:
        """The answer in a reply's body."""
        raise NotImplementedError

    def answer(self, token_ids: Sequence[int], num_tokens: int) -> Answer:
        """See `Contestant`."""
        body = msgspec.json.encode(self.request(token_ids, num_tokens))
        try:
            status, reply = self._exchange(body)
        except (ConnectionError, http.client.RemoteDisconnected):
            # A server may close a connection that was idle for a while.
            self._connection.close()
            try:
                status, reply = self._exchange(body)
            except (OSError, http.client.HTTPException) as error:
                raise self._process.failure(f"the connection broke off ({error})") from error
        except (OSError, http.client.HTTPException) as error:
            raise self._process.failure(f"it does not answer ({error})") from error
        if status != 200:
            raise self._process.failure(f"status {status}: {reply[:300].decode(errors='replace')}")
        try:
            return self.read(msgspec.json.decode(reply))
        except (msgspec.MsgspecError, LookupError, TypeError) as error:
            raise self._process.failure(f"its answer cannot be read ({error!r})") from error

    def pause(self) -> None:
        """See `Contestant`."""
        self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """See `Contestant`."""
        self._process.signal(signal.SIGCONT)

    def close(self) -> None:
        """See `Contestant`."""
        self._connection.close()
        self._process.close()

    def _exchange(self, body: bytes) -> tuple[int, bytes]:
        self._connection.request("POST", self._path, body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        return response.status, response.read()

    def _wait(self, health: str) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._process.child.poll() is not None:
                raise self._process.failure("it ended while it started")
            with suppress(OSError, http.client.HTTPException):
                self._connection.request("GET", health)
                response = self._connection.getresponse()
                response.read()
                if response.status == 200:
                    return
            self._connection.close()
            time.sleep(_POLL_S)
        raise self._process.failure(f"it was not ready within {START_S:g} s")


class WorkerContestant:
    """A program that reads `{"prompt": [ids], "num_tokens": n}` a line and answers `{"tokens": [ids]}`.

    Where it knows no ids it answers `{"text": ...}`. Its first line, before any request, is an object that says what it
    is: `about`.
    """

    def __init__(
        self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._process = Process(command, log, env=env, piped=True)
        try:
            self.about: dict[str, Any] = self._read(START_S)
        except BaseException:
            self.close()
            raise

    def answer(self, token_ids: Sequence[int], num_tokens: int) -> Answer:
        """See `Contestant`."""
        stdin = self._process.child.stdin
        assert stdin is not None  # noqa: S101  # it was started with pipes
        try:
            stdin.write(msgspec.json.encode({"prompt": token_ids, "num_tokens": num_tokens}) + b"\n")
            stdin.flush()
        except OSError as error:
            raise self._process.failure("it is gone") from error
        reply = self._read(ANSWER_S)
        return Answer(token_ids=reply.get("tokens"), text=reply.get("text", ""))

    def pause(self) -> None:
        """See `Contestant`."""
        self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """See `Contestant`."""
        self._process.signal(signal.SIGCONT)

    def close(self) -> None:
        """See `Contestant`."""
        self._process.close()

    def _read(self, within_s: float) -> dict[str, Any]:
        stdout = self._process.child.stdout
        assert stdout is not None  # noqa: S101
        if not select.select([stdout], [], [], within_s)[0]:
            self._process.signal(signal.SIGKILL)
            raise self._process.failure(f"it said nothing for {within_s:g} s")
        line = stdout.readline()
        try:
            return msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise self._process.failure("it ended" if not line else f"it said {line[:200]!r}") from error


def _dies_with_parent() -> tuple[str, ...]:
    program = shutil.which("setpriv")
    return (program, "--pdeathsig", "KILL") if program else ()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_S)
        self._socket_path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(ANSWER_S)
        self.sock.connect(str(self._socket_path))

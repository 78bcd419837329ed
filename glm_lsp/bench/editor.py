"""An editor as a language server sees it: JSON-RPC over the pipes of a process."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgspec

from glm_lsp.errors import EngineError, EngineLostError, error_from_dict

ANSWER_WITHIN_S = 30.0
LEAVE_WITHIN_S = 10.0

CAPABILITIES: dict[str, Any] = {
    "general": {
        "positionEncodings": ["utf-16"],
        "staleRequestSupport": {"cancel": True, "retryOnContentModified": []},
    },
    "window": {"workDoneProgress": True},
    "workspace": {
        "configuration": True,
        "workspaceFolders": True,
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True},
    },
    "textDocument": {
        "inlineCompletion": {"dynamicRegistration": False},
        "synchronization": {"dynamicRegistration": False, "didSave": True},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["refactor", "refactor.rewrite"]}},
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
        },
    },
}
"""What VS Code says of itself, as far as this program's server is concerned."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a request.

    Attributes:
        at: when the last byte of it had been read, on the clock of `time.perf_counter`.
        error: JSON-RPC's error object when there is no result.
    """

    id: int
    at: float
    result: Any = None
    error: Mapping[str, Any] | None = None


class Editor:
    """A server process and this end of its pipes. Use it on one thread; `kill` or `close` it in the end.

    Args:
        command: starts the server.
        cwd: the server's working folder.
        env: its environment; this process's own if None.
        log: takes its stderr, as `subprocess` understands it; this process's own stderr if None.
        options: what it gets as settings when it asks for them.

    Attributes:
        started: when the process was started, on the clock of `time.perf_counter`.
        status: the latest `glm/status`.
        on_message: called with each text that the server wants to show to a person.

    Raises:
        EngineError: the process cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        log: IO[bytes] | int | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.status: dict[str, Any] = {}
        self.on_message: Callable[[str], None] = lambda text: None
        self._options = dict(options or {})
        self._inbox: queue.SimpleQueue[tuple[float, bytes] | None] = queue.SimpleQueue()
        self._replies: deque[Reply] = deque()
        self._num_requests = 0
        self.started = time.perf_counter()
        try:
            # A session of its own: Ctrl-C at the terminal is for us alone, who then take leave of it in good order.
            self._process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=cwd, env=env,
                start_new_session=sys.platform != "win32",
            )  # fmt: skip
        except OSError as error:
            raise EngineError(f"{command[0]} cannot be started: {error.strerror}") from error
        self._reader = threading.Thread(target=self._read, name="editor", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def send(self, method: str, params: Any = None) -> int:
        """Sends a request; returns its id.

        Raises:
            EngineLostError: the server is gone.
        """
        self._num_requests += 1
        self._post({"id": self._num_requests, "method": method, "params": params})
        return self._num_requests

    def notify(self, method: str, params: Any = None) -> None:
        """Sends a notification.

        Raises:
            EngineLostError: the server is gone.
        """
        self._post({"method": method, "params": params})

    def cancel(self, number: int) -> None:
        """What editors do with a request whose answer they no longer want; an answer comes all the same."""
        self.notify("$/cancelRequest", {"id": number})

    def next_reply(self, deadline: float) -> Reply | None:
        """The next answer that nobody has taken yet, or None when there is none at the deadline.

        Everything else that the server sends meanwhile is dealt with. The deadline is on the clock of
        `time.perf_counter`; in the past it only takes what has come already.

        Raises:
            EngineLostError: the server is gone.
        """
        while not self._replies:
            if not self._receive(deadline):
                return None
        return self._replies.popleft()

    def request(self, method: str, params: Any = None, within_s: float = ANSWER_WITHIN_S) -> Any:
        """Sends a request and waits for its result; other answers that come meanwhile are kept.

        Raises:
            EngineError: the server answers with an error, or not in time.
            EngineLostError: it is gone.
        """
        number = self.send(method, params)
        deadline = time.perf_counter() + within_s
        while True:
            for reply in self._replies:
                if reply.id == number:
                    self._replies.remove(reply)
                    if reply.error is not None:
                        raise EngineError(f"{method} failed: {reply.error.get('message')}")
                    return reply.result
            if not self._receive(deadline):
                raise EngineError(f"the language server did not answer {method} within {within_s:.0f} s")

    def greet(self, folder: Path) -> Any:
        """`initialize` and `initialized`, with `folder` as the workspace; returns what the server can do."""
        uri = folder.as_uri()
        result = self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "clientInfo": {"name": "glm-lsp bench"},
                "rootUri": uri,
                "workspaceFolders": [{"uri": uri, "name": folder.name}],
                "capabilities": CAPABILITIES,
                "initializationOptions": self._options,
            },
        )
        self.notify("initialized", {})
        return result

    def wait_until_ready(self, within_s: float) -> None:
        """Waits until the server has its engine.

        Raises:
            GlmError: why it cannot have one, as the server tells it.
            EngineError: it has none in time.
            EngineLostError: the server is gone.
        """
        deadline = time.perf_counter() + within_s
        while self.status.get("state") not in ("ready", "busy"):
            self.check_status()
            if not self._receive(deadline):
                raise EngineError(f"the engine was not ready within {within_s:.0f} s")

    def check_status(self) -> None:
        """Raises the error that the server's status tells of, if it does.

        Raises:
            GlmError: with the code that the server gives.
        """
        if self.status.get("state") != "error":
            return
        code, _, told = str(self.status.get("message")).partition(": ")
        error = error_from_dict({"code": code, "cause": told or code})
        cause = error.cause.removesuffix(error.remedy).rstrip(". ")
        raise type(error)(cause, error.remedy)

    def close(self) -> None:
        """Takes leave as LSP wants it; a server that does not go is ended."""
        with suppress(EngineError):
            self.request("shutdown", within_s=LEAVE_WITHIN_S)
            self.notify("exit")
        self._end(LEAVE_WITHIN_S)

    def kill(self) -> None:
        """Ends the server without a word, if it still runs."""
        self._process.kill()
        self._end(LEAVE_WITHIN_S)

    def _end(self, within_s: float) -> None:
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(within_s)
        if self._process.stdout is not None and not self._reader.is_alive():
            self._process.stdout.close()

    def _receive(self, deadline: float) -> bool:
        """Takes one message; False when none came in time."""
        try:
            came = self._inbox.get(timeout=max(0.0, deadline - time.perf_counter()))
        except queue.Empty:
            return False
        if came is None:
            self._inbox.put(None)
            raise EngineLostError(f"the language server has ended with status {self._process.wait()}")
        self._take(*came)
        return True

    def _take(self, at: float, body: bytes) -> None:
        message = msgspec.json.decode(body)
        method, number = message.get("method"), message.get("id")
        if method is None:
            if isinstance(number, int):
                self._replies.append(Reply(number, at, message.get("result"), message.get("error")))
        elif number is not None:
            is_settings = method == "workspace/configuration"
            result = [self._options for _ in message["params"]["items"]] if is_settings else None
            self._post({"id": number, "result": result})
        elif method == "glm/status":
            self.status = message["params"]
        elif method == "window/showMessage":
            self.on_message(message["params"]["message"])

    def _post(self, message: Mapping[str, Any]) -> None:
        body = msgspec.json.encode({"jsonrpc": "2.0", **message})
        assert self._process.stdin is not None  # noqa: S101  # it is a pipe
        try:
            self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            self._process.stdin.flush()
        except (OSError, ValueError) as error:  # a pipe closed on this side is a ValueError
            raise EngineLostError("the language server no longer reads what is sent to it") from error

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None  # noqa: S101  # it is a pipe
        with suppress(OSError, ValueError):
            while (header := stream.readline()).lower().startswith(b"content-length:"):
                while stream.readline().strip():
                    pass
                body = stream.read(int(header.partition(b":")[2]))
                self._inbox.put((time.perf_counter(), body))
        self._inbox.put(None)

"""An editor for tests: JSON-RPC over the pipes of a real server process, strict about what comes back.

Every byte from the server has to be a frame, every frame JSON-RPC, and every reply the only one to its request.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_HEADER = re.compile(rb"Content-Length: ([0-9]+)\r\n(?:Content-Type: [^\r\n]+\r\n)?\r\n")

SERVE = """
import json, sys
from glm_lsp.lsp.server import serve

engine = json.loads(sys.argv[1])

def connect(settings, on_state):
    from glm_lsp.engine.client.client import HttpEngineClient
    from glm_lsp.engine.client.launcher import LocalEngine
    if settings.engine_url:
        return HttpEngineClient(settings.engine_url)
    return LocalEngine("fake", command=engine, linger_s=settings.linger_s, on_state=on_state)

sys.exit(serve(connect=connect))
"""
"""`glm-lsp serve`, but for the engine: the fake one takes its place."""

_SYNCHRONIZATION = {"didSave": True, "willSave": True, "willSaveWaitUntil": True}
_CODE_ACTION = {
    "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source"]}},
    "isPreferredSupport": True,
    "dataSupport": True,
    "resolveSupport": {"properties": ["edit", "command"]},
}

NEOVIM: dict[str, Any] = {
    "clientInfo": {"name": "Neovim", "version": "0.12.4"},
    "capabilities": {
        "general": {"positionEncodings": ["utf-8", "utf-16", "utf-32"]},
        "window": {"workDoneProgress": True, "showDocument": {"support": True}},
        "workspace": {
            "configuration": True,
            "workspaceFolders": True,
            "applyEdit": True,
            "workspaceEdit": {"resourceOperations": ["rename", "create", "delete"]},
        },
        "textDocument": {
            "inlineCompletion": {"dynamicRegistration": False},
            "codeAction": {"dynamicRegistration": True, **_CODE_ACTION},
            "synchronization": {"dynamicRegistration": False, **_SYNCHRONIZATION},
        },
    },
}
VSCODE: dict[str, Any] = {
    "clientInfo": {"name": "Visual Studio Code", "version": "1.105.1"},
    "locale": "en",
    "trace": "off",
    "capabilities": {
        "general": {
            "positionEncodings": ["utf-16"],
            "staleRequestSupport": {"cancel": True, "retryOnContentModified": []},
        },
        "window": {"workDoneProgress": True, "showDocument": {"support": True}},
        "workspace": {
            "configuration": True,
            "workspaceFolders": True,
            "applyEdit": True,
            "workspaceEdit": {"documentChanges": True, "failureHandling": "textOnlyTransactional"},
        },
        "textDocument": {
            "inlineCompletion": {"dynamicRegistration": True},
            "codeAction": {"dynamicRegistration": True, "disabledSupport": True, **_CODE_ACTION},
            "synchronization": {"dynamicRegistration": True, **_SYNCHRONIZATION},
        },
    },
}


class ReplyError(Exception):
    """The server answered a request with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data = error.get("data")


class LspClient:
    """One editor and its server process.

    Attributes:
        notifications: (method, params) of all that came, in order.
        nameless_errors: the errors that came with id null.
        settings: what `workspace/configuration` is answered with.
        command: of the last suggestion.
        edits: what `workspace/applyEdit` wanted, each answered with `applied`.
        tokens: of the progress bars that were asked for.
        num_replies: how many came, by id; every test ends with one each.
        replied: the ids in the order of their replies.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.notifications: list[tuple[str, Any]] = []
        self.server_requests: list[str] = []
        self.nameless_errors: list[dict[str, Any]] = []
        self.settings: dict[str, Any] = {}
        self.command: dict[str, Any] = {}
        self.edits: list[dict[str, Any]] = []
        self.applied: dict[str, Any] = {"applied": True}
        self.tokens: list[str] = []
        self.log = bytearray()
        self.problems: list[str] = []
        self.num_replies: defaultdict[str | int | float, int] = defaultdict(int)
        self.replied: list[str | int | float] = []
        self._ids = itertools.count(1)
        self._waiting: dict[str | int | float, asyncio.Future[Any]] = {}
        self._came = asyncio.Event()
        self._readers = [asyncio.create_task(self._read_frames()), asyncio.create_task(self._read_log())]

    @classmethod
    async def start(
        cls, command: Sequence[str], env: dict[str, str] | None = None, **options: Any
    ) -> LspClient:
        """Starts a server."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            limit=2**26,
            **options,
        )
        return cls(process)

    async def initialize(self, editor: dict[str, Any] = NEOVIM, **params: Any) -> dict[str, Any]:
        """The whole greeting; returns the server's answer."""
        result = await self.request(
            "initialize", {"processId": os.getpid(), "rootUri": None, **editor, **params}
        )
        self.notify("initialized", {})
        return result

    async def ready(self, timeout_s: float = 20) -> dict[str, Any]:
        """Waits until the engine is there."""
        async with asyncio.timeout(timeout_s):
            while True:
                status: dict[str, Any] = await self.request("glm/status")
                if status["state"] in ("ready", "busy"):
                    return status
                await asyncio.sleep(0.02)

    def send(self, method: str, params: Any = None, *, id: str | int | None = None) -> asyncio.Future[Any]:
        """Sends a request; the future holds the result or a `ReplyError`."""
        number = next(self._ids) if id is None else id
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda future: future.cancelled() or future.exception())
        future.id = number  # type: ignore[attr-defined]
        self._waiting[number] = future
        self.post({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return future

    async def request(self, method: str, params: Any = None, *, timeout_s: float = 10) -> Any:
        """Sends a request and waits for its result."""
        return await asyncio.wait_for(self.send(method, params), timeout_s)

    def notify(self, method: str, params: Any) -> None:
        """Sends a notification."""
        self.post({"jsonrpc": "2.0", "method": method, "params": params})

    def post(self, message: Any) -> None:
        """Frames any JSON."""
        self.post_raw(frame(json.dumps(message).encode()))

    def post_raw(self, data: bytes) -> None:
        """Sends bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    async def wait_for(self, condition: Callable[[], Any], timeout_s: float = 5) -> Any:
        """Waits until messages from the server have made something true."""
        async with asyncio.timeout(timeout_s):
            while not (value := condition()):
                self._came.clear()
                await self._came.wait()
        return value

    async def pong(self) -> None:
        """Waits until the server has dealt with all that was sent before."""
        await self.request("glm/status")

    def cancel(self, future: asyncio.Future[Any]) -> None:
        """What an editor does with a request it no longer needs."""
        self.notify("$/cancelRequest", {"id": future.id})  # type: ignore[attr-defined]

    # --- documents and completions ---------------------------------------------------------------------------

    def open(self, uri: str, text: str, language_id: str = "plaintext", version: int = 1) -> None:
        """`didOpen`."""
        item = {"uri": uri, "languageId": language_id, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, version: int, *changes: dict[str, Any]) -> None:
        """`didChange`."""
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})

    def ask(
        self, uri: str, line: int, character: int, trigger: int = 2, **context: Any
    ) -> asyncio.Future[Any]:
        """`inlineCompletion`; resolves to the whole list."""
        params = {
            "textDocument": {"uri": uri},
            "position": {"line": line, "character": character},
            "context": {"triggerKind": trigger, **context},
        }
        return self.send("textDocument/inlineCompletion", params)

    async def complete(
        self, uri: str, line: int, character: int, trigger: int = 2, **context: Any
    ) -> list[Any]:
        """The items of an inline completion."""
        result = await asyncio.wait_for(self.ask(uri, line, character, trigger, **context), 10)
        return result["items"]

    # --- leaving ---------------------------------------------------------------------------------------------

    async def quit(self) -> int:
        """`shutdown`, `exit`; returns the exit status."""
        await self.request("shutdown")
        self.notify("exit", None)
        return await self.exited()

    async def exited(self, timeout_s: float = 20) -> int:
        """The exit status, once all that the server said has been read."""
        status = await asyncio.wait_for(self.process.wait(), timeout_s)
        await asyncio.wait(self._readers, timeout=timeout_s)
        return status

    async def dispose(self) -> None:
        """Ends a server that still runs; complains about everything it should not have said."""
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()
        await asyncio.wait(self._readers, timeout=2)
        for reader in self._readers:
            reader.cancel()
        # The transport is closed here, or the collector would complain about it later.
        self.process._transport.close()  # type: ignore[attr-defined]
        assert self.problems == []
        # What a test expects to go wrong in the server, it takes out of the log itself.
        assert not re.search(rb"Traceback|Warning:|never retrieved|never awaited", self.log), (
            self.log.decode()
        )
        odd = {identifier: count for identifier, count in self.num_replies.items() if count != 1}
        assert not odd, odd

    # --- reading ---------------------------------------------------------------------------------------------

    async def _read_frames(self) -> None:
        stdout = self.process.stdout
        assert stdout is not None
        while True:
            try:
                header = await stdout.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError as end:
                if end.partial:
                    self.problems.append(f"stdout ends with {end.partial!r}")
                break
            match = _HEADER.fullmatch(header)
            if match is None:
                self.problems.append(f"stdout holds {header[:200]!r}")
                break
            self._receive(json.loads(await stdout.readexactly(int(match[1]))))
        self._came.set()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionError("the server is gone"))

    async def _read_log(self) -> None:
        stderr = self.process.stderr
        assert stderr is not None
        while piece := await stderr.read(65536):
            self.log += piece

    def _receive(self, message: dict[str, Any]) -> None:
        if message.get("jsonrpc") != "2.0":
            self.problems.append(f"no JSON-RPC: {message}")
        if "method" in message and "id" in message:
            self.server_requests.append(message["method"])
            self._serve(message)
        elif "method" in message:
            self.notifications.append((message["method"], message.get("params")))
        else:
            self._take_reply(message)
        self._came.set()

    def _serve(self, request: dict[str, Any]) -> None:
        if request["method"] == "workspace/configuration":
            result: Any = [self.settings for _ in request["params"]["items"]]
        elif request["method"] == "window/workDoneProgress/create":
            self.tokens.append(request["params"]["token"])
            result = None
        elif request["method"] == "workspace/applyEdit":
            self.edits.append(request["params"])
            result = self.applied
        else:
            self.problems.append(f"unexpected request {request['method']}")
            return
        self.post({"jsonrpc": "2.0", "id": request["id"], "result": result})

    def _take_reply(self, reply: dict[str, Any]) -> None:
        if ("result" in reply) == ("error" in reply):
            self.problems.append(f"neither result nor error, or both: {reply}")
        identifier = reply["id"]
        if identifier is None:
            self.nameless_errors.append(reply["error"])
            return
        self.num_replies[identifier] += 1
        self.replied.append(identifier)
        future = self._waiting.pop(identifier, None)
        if future is None or future.done():
            return
        if "error" in reply:
            future.set_exception(ReplyError(reply["error"]))
        else:
            self._take_commands(reply["result"])
            future.set_result(reply["result"])

    def _take_commands(self, result: Any) -> None:
        """Every item has the same command; it is kept apart, so that tests compare what is shown."""
        items = result.get("items") if isinstance(result, dict) else None
        commands = [item.pop("command") for item in items or []]
        for command in commands:
            assert command["command"] == "glm.accepted"
            assert command == commands[0]
            assert isinstance(command["arguments"][0], int)
            self.command = command


async def until(condition: Callable[[], Any], timeout_s: float = 5) -> None:
    """Waits for something that another process does."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


def frame(body: bytes) -> bytes:
    """A body with its header."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def insertion(line: int, character: int, text: str) -> dict[str, Any]:
    """A content change that inserts."""
    place = {"line": line, "character": character}
    return {"range": {"start": place, "end": place}, "text": text}


def serve_command(
    *engine_options: str, engine: Sequence[str] = ("-m", "tests.fakes.fake_engine")
) -> list[str]:
    """Starts the server with a fake engine; `engine` is what Python is to run as such."""
    return [sys.executable, "-c", SERVE, json.dumps([sys.executable, *engine, *engine_options])]

"""A first look at glm-lsp: starts the real server, as an editor would, and lets it complete this project's own code.

In each place the rest of a line is taken away, and the server is asked for it over LSP. What it answers is shown
dim, with the milliseconds it took and how much of the prompt was already in the engine's KV cache. Run it with
`make run`, or `python benchmarks/first_look.py` where glm-lsp is installed.
"""

from __future__ import annotations

import json
import os
import queue
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
READY_WITHIN_S = 120.0
ANSWER_WITHIN_S = 30.0
INVOKED, AUTOMATIC = 1, 2

# File, and a line of it with the cursor as |. The text right of it is taken away, and what the model puts there is
# compared with it. Some are easy, some are beyond so small a model.
PLACES = (
    ("glm_lsp/errors.py", "class SettingError(|InputError):"),
    ("glm_lsp/completion/lines.py", "def line_end(text: str, offset: |int) -> int:"),
    ("glm_lsp/engine/tokenizer.py", "    def vocab_size(|self) -> int:"),
    ("glm_lsp/engine/wire.py", '    language: |str = ""'),
    ("glm_lsp/models/config.py", "def _rope_from_v5(values: Mapping[|str, Any]) -> dict[str, float]:"),
    ("glm_lsp/doctor/__init__.py", "            told.add(str(|error))"),
    ("glm_lsp/errors.py", '        return {"code": self.code, "cause": self.|cause, "remedy": self.remedy}'),
    ("glm_lsp/engine/job.py", "        self._last = |now"),
    ("glm_lsp/engine/job.py", "        return self._cancelled.|is_set()"),
    ("glm_lsp/paths.py", "    if not os.access(|folder, os.W_OK | os.X_OK):"),
)  # fmt: skip


class Editor:
    """The client's side of LSP over the standard streams of a server process, one request at a time."""

    def __init__(self, command: list[str]) -> None:
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)  # noqa: S603
        self._inbox: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._num_requests = 0
        self.status: dict[str, Any] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def request(self, method: str, params: Any = None, within_s: float = ANSWER_WITHIN_S) -> Any:
        """Sends a request and waits for its result."""
        self._num_requests += 1
        number = self._num_requests
        self._send({"id": number, "method": method, "params": params})
        deadline = time.monotonic() + within_s
        for message in self._incoming(deadline):
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise SystemExit(f"{method} failed: {message['error'].get('message')}")
                return message.get("result")
        raise SystemExit(f"no answer to {method} within {within_s:.0f} s")

    def notify(self, method: str, params: Any = None) -> None:
        """Sends a notification."""
        self._send({"method": method, "params": params})

    def wait_until_ready(self) -> None:
        """Waits for the engine; the server tells in `glm/status` how far it is."""
        deadline = time.monotonic() + READY_WITHIN_S
        for _ in self._incoming(deadline):
            if self.status.get("state") in ("ready", "busy"):
                return
            if self.status.get("state") == "error":
                raise SystemExit(f"the engine did not start: {self.status.get('message')}")
        raise SystemExit(f"the engine was not ready within {READY_WITHIN_S:.0f} s")

    def close(self) -> None:
        """Takes leave as LSP wants it."""
        self.request("shutdown")
        self.notify("exit")
        self._server.wait(timeout=10)

    def _incoming(self, deadline: float) -> Iterator[dict[str, Any]]:
        """Messages until the deadline; requests and notifications of the server are dealt with on the way."""
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = self._inbox.get(timeout=left)
            except queue.Empty:
                return
            if message is None:
                raise SystemExit(f"the server ended with status {self._server.wait()}")
            method = message.get("method")
            if method == "glm/status":
                self.status = message["params"]
            elif method == "window/showMessage":
                print(f"  the server says: {message['params']['message']}")
            elif method and "id" in message:
                result = (
                    [None] * len(message["params"]["items"]) if method == "workspace/configuration" else None
                )
                self._send({"id": message["id"], "result": result})
            yield message

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stdin: Any = self._server.stdin
        stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        stdin.flush()

    def _read(self) -> None:
        stream: Any = self._server.stdout
        while header := stream.readline():
            length = int(header.partition(b":")[2])
            while stream.readline().strip():
                pass
            self._inbox.put(json.loads(stream.read(length)))
        self._inbox.put(None)


@dataclass
class Document:
    """An open document of which the text after the cursor's place on one line was taken away."""

    editor: Editor
    uri: str
    lines: list[str]
    row: int
    version: int = 0

    @classmethod
    def open(cls, editor: Editor, path: str, marked: str) -> tuple[Document, str]:
        """Opens it with the cursor at the mark; returns it with the text that was taken away."""
        before, _, taken = marked.partition("|")
        lines = (ROOT / path).read_text("utf-8").split("\n")
        row = lines.index(before + taken)
        lines[row] = before
        document = cls(editor, (ROOT / path).as_uri(), lines, row)
        text = {"uri": document.uri, "languageId": "python", "version": 0, "text": "\n".join(lines)}
        editor.notify("textDocument/didOpen", {"textDocument": text})
        return document, taken

    def type(self, text: str) -> None:
        """Types at the cursor."""
        self.version += 1
        position = {"line": self.row, "character": len(self.lines[self.row])}
        self.lines[self.row] += text
        self.editor.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self.uri, "version": self.version},
                "contentChanges": [{"range": {"start": position, "end": position}, "text": text}],
            },
        )

    def suggestion(self, kind: int = AUTOMATIC) -> tuple[str, float]:
        """The ghost text at the cursor, empty when there is none, and the milliseconds until it came."""
        line = self.lines[self.row]
        params = {
            "textDocument": {"uri": self.uri},
            "position": {"line": self.row, "character": len(line)},
            "context": {"triggerKind": kind},
        }
        started = time.perf_counter()
        result = self.editor.request("textDocument/inlineCompletion", params)
        milliseconds = (time.perf_counter() - started) * 1e3
        items = result["items"] if isinstance(result, dict) else result or []
        if not items:
            return "", milliseconds
        start = items[0].get("range", {}).get("start", params["position"])["character"]
        return items[0]["insertText"][len(line) - start :], milliseconds

    def close(self) -> None:
        """Closes it."""
        self.editor.notify("textDocument/didClose", {"textDocument": {"uri": self.uri}})


def main() -> None:
    """The whole tour."""
    dim, plain = (
        ("\x1b[2;36m", "\x1b[0m") if sys.stdout.isatty() and "NO_COLOR" not in os.environ else ("«", "»")
    )
    editor = start()
    answers = [show_place(editor, path, marked, dim, plain) for path, marked in PLACES]
    # Typing shows most where most is suggested.
    longest = max(range(len(PLACES)), key=lambda number: len(answers[number].text))
    show_typing(editor, PLACES[longest], dim, plain)
    editor.close()
    num_equal = sum(answer.is_original for answer in answers)
    middle = statistics.median(answer.milliseconds for answer in answers)
    print(
        f"\n{num_equal} of {len(answers)} exactly as written; half of the answers came within {middle:.0f} ms."
    )
    print(CONNECT)


def start() -> Editor:
    """A server that is ready to complete."""
    started = time.perf_counter()
    editor = Editor([sys.executable, "-m", "glm_lsp", "serve"])
    capabilities = {
        "general": {"positionEncodings": ["utf-16"]},
        "textDocument": {"inlineCompletion": {"dynamicRegistration": False}},
    }
    folder = {"uri": ROOT.as_uri(), "name": ROOT.name}
    editor.request(
        "initialize",
        {
            "processId": os.getpid(),
            "rootUri": ROOT.as_uri(),
            "workspaceFolders": [folder],
            "capabilities": capabilities,
            "initializationOptions": {"lingerS": 1},
        },
    )
    print(f"server answered after {(time.perf_counter() - started) * 1e3:.0f} ms", end="", flush=True)
    editor.notify("initialized", {})
    editor.wait_until_ready()
    model = editor.status.get("model")
    print(f", model {model} was ready after {(time.perf_counter() - started) * 1e3:.0f} ms")
    return editor


@dataclass(frozen=True)
class Answer:
    """What the server suggested in one place."""

    text: str
    milliseconds: float
    is_original: bool


def show_place(editor: Editor, path: str, marked: str, dim: str, plain: str) -> Answer:
    """Completes one place and prints it."""
    document, taken = Document.open(editor, path, marked)
    text, milliseconds = document.suggestion(INVOKED)
    document.close()
    before = marked.partition("|")[0].lstrip()
    verdict = "as written" if text == taken else f"written was: {taken}"
    first, *more = text.split("\n")
    print(f"\n{path}\n  {before}{dim}{first}{plain}" + "".join(f"\n  {dim}{line}{plain}" for line in more))
    print(f"    {milliseconds:.0f} ms, {reused(editor)}; {verdict if text else 'no suggestion'}")
    return Answer(text, milliseconds, text == taken)


def show_typing(editor: Editor, place: tuple[str, str], dim: str, plain: str) -> None:
    """Types key by key: what was suggested, which needs no model, then something else, which reads one token more."""
    document, taken = Document.open(editor, *place)
    print(f"\nTyping in {place[0]}, first what is suggested, then something else:")
    suggested, _ = document.suggestion()
    for key in ("", *(suggested or taken)[:4], "_", "x"):
        if key:
            document.type(key)
        text, milliseconds = document.suggestion()
        line = document.lines[document.row].lstrip()
        print(f"  {line}{dim}{text.partition(chr(10))[0]}{plain}   {milliseconds:.1f} ms, {reused(editor)}")
    document.close()


def reused(editor: Editor) -> str:
    """What of the last prompt was in the KV cache already."""
    status = editor.request("glm/status")
    cached, total = status["numCachedTokens"], status["numPromptTokens"]
    return f"{cached} of {total} prompt tokens cached" if total else "no model needed"


CONNECT = """
To have this in your editor:

  Neovim 0.12   put the lines from README.md, "Neovim", into init.lua
  VS Code       an extension does not exist yet
  others        start `glm-lsp serve` on stdio; it answers textDocument/inlineCompletion"""


if __name__ == "__main__":
    main()

"""Seeded nonsense mixed with sense: every request gets exactly one reply with the right code, and nothing breaks."""

from __future__ import annotations

import asyncio
import json
import math
import random
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import LspClient, ReplyError, frame

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBERS = [0, 1, 2, 5, -1, 2**31 - 1, 2**31, 2**63, -(2**63), 1e308, -1e308, 0.5, 1e18, 10**300]
STRINGS = [
    "",
    "x = 1",
    "\n",
    "\r",
    "a\r\nb",
    "\u2028",
    "\x00",
    "\ud800",
    "\udfff\ud800",
    "😀é",
    "x" * 2000,
    "#slow",
    "[{" * 300,
]
URIS = [
    "file:///a.py",
    "file:///b%20c.py",
    "untitled:Untitled-1",
    "file:///C%3A/d.py",
    "\ud800",
    "",
    "http://[",
    "never-opened:x",
]
KEYS = [
    "uri",
    "textDocument",
    "position",
    "line",
    "character",
    "text",
    "range",
    "start",
    "end",
    "context",
    "id",
    "token",
    "triggerKind",
    "contentChanges",
    "version",
    "languageId",
    "settings",
    "glm",
    "event",
    "added",
    "removed",
    "value",
]
METHODS = [
    "textDocument/inlineCompletion",
    "textDocument/codeAction",
    "codeAction/resolve",
    "textDocument/didOpen",
    "textDocument/didChange",
    "textDocument/didClose",
    "textDocument/didSave",
    "workspace/didChangeWorkspaceFolders",
    "workspace/executeCommand",
    "glm/status",
    "window/workDoneProgress/cancel",
    "$/setTrace",
    "$/progress",
    "initialized",
    "initialize",
    "textDocument/hover",
    "notebookDocument/didOpen",
    "completionItem/resolve",
    "$/cancelRequest",
    "unheard/of",
]
BODIES = [
    b"",
    b"{",
    b"]",
    b'"',
    b"{}",
    b"[]",
    b"5",
    b"null",
    b"[1,2",
    b"nonsense",
    b"\xff\xfe",
    b"[" * 5000,
    b'{"a":' * 300,
    b'{"jsonrpc":"2.0","id":NaN,"method":"x"}',
    b'{"jsonrpc":"2.0","id":{},"method":"x"}',
]
GARBAGE = [
    b"garbage",
    b"\r\n\r\ngarbage\r\n\r\n",
    b"Content-Type: x\r\n\r\n",
    b"Content-Length: -1\r\n\r\n",
    b"\x00" * 100,
    b"}" * 9000,
]

REPLIES = {-32600, -32601, -32602, -32800}
"""-32603, an error of ours, is not among them."""


class Fuzzer:
    """Says anything, and remembers what has to be answered."""

    def __init__(self, client: LspClient, seed: int) -> None:
        self.client = client
        self.rng = random.Random(seed)
        self.version = 1
        self.answers: list[asyncio.Future[Any]] = []
        self.num_nameless = 0

    def junk(self, depth: int = 0) -> Any:
        """Any JSON, with a liking for the keys and values that mean something."""
        rng = self.rng
        kind = rng.randrange(9 if depth < 4 else 6)
        if kind < 2:
            return rng.choice(NUMBERS)
        if kind < 4:
            return rng.choice(STRINGS)
        if kind < 6:
            return rng.choice([None, True, False, *URIS])
        if kind == 6:
            return [self.junk(depth + 1) for _ in range(rng.randrange(4))]
        return {rng.choice(KEYS): self.junk(depth + 1) for _ in range(rng.randrange(5))}

    def maybe(self, sense: Any) -> Any:
        """Sense, mostly."""
        return self.junk() if self.rng.random() < 0.06 else sense

    def place(self) -> Any:
        rng = self.rng
        numbers = [
            self.maybe(rng.choice(NUMBERS) if rng.random() < 0.2 else rng.randrange(8)) for _ in range(2)
        ]
        return self.maybe({"line": numbers[0], "character": numbers[1]})

    def document(self) -> Any:
        self.version += self.rng.choice((1, 1, 1, 1, -2))
        return self.maybe({"uri": self.maybe(self.rng.choice(URIS)), "version": self.maybe(self.version)})

    def step(self) -> None:
        """Says one thing."""
        kinds = [
            self.ask,
            self.edit,
            self.open,
            self.close,
            self.cancel,
            self.call,
            self.tell,
            self.answer,
            self.malformed,
            self.garbage,
        ]
        self.rng.choices(kinds, weights=[10, 10, 4, 1, 5, 4, 4, 2, 3, 2])[0]()

    def ask(self) -> None:
        rng = self.rng
        context: Any = {"triggerKind": self.maybe(rng.choice((0, 1, 2)))}
        if rng.random() < 0.1:
            chosen = {
                "range": self.maybe({"start": self.place(), "end": self.place()}),
                "text": rng.choice(STRINGS),
            }
            context["selectedCompletionInfo"] = self.maybe(chosen)
        params = {"textDocument": self.document(), "position": self.place(), "context": self.maybe(context)}
        self.answers.append(self.client.send("textDocument/inlineCompletion", self.maybe(params)))

    def edit(self) -> None:
        rng = self.rng
        changes: list[Any] = []
        for _ in range(rng.randrange(1, 4)):
            change = {"text": self.maybe(rng.choice(STRINGS))}
            if rng.random() < 0.9:
                change["range"] = self.maybe({"start": self.place(), "end": self.place()})
            changes.append(self.maybe(change))
        params = {"textDocument": self.document(), "contentChanges": self.maybe(changes)}
        self.client.notify("textDocument/didChange", self.maybe(params))

    def open(self) -> None:
        document = {"uri": self.rng.choice(URIS), "languageId": "python", "version": self.version}
        self.client.notify(
            "textDocument/didOpen",
            {"textDocument": self.maybe({**document, "text": self.rng.choice(STRINGS)})},
        )

    def close(self) -> None:
        self.client.notify("textDocument/didClose", {"textDocument": self.document()})

    def cancel(self) -> None:
        recent = self.answers[-3:]
        identifier = self.rng.choice(recent).id if recent else 0  # type: ignore[attr-defined]
        self.client.notify("$/cancelRequest", self.maybe({"id": self.maybe(identifier)}))

    def call(self) -> None:
        params = self.junk()
        self.answers.append(
            self.client.send(self.rng.choice(METHODS), params if isinstance(params, dict | list) else None)
        )

    def tell(self) -> None:
        params = self.junk()
        # Anything but a set of settings that would switch the completions off.
        self.client.notify(self.rng.choice(METHODS), params if isinstance(params, dict | list) else None)

    def answer(self) -> None:
        self.client.post(
            {"jsonrpc": "2.0", "id": self.junk(), self.rng.choice(("result", "error")): self.junk()}
        )

    def malformed(self) -> None:
        self.client.post_raw(frame(self.rng.choice(BODIES)))
        self.num_nameless += 1

    def garbage(self) -> None:
        """Between two good frames, so that each stretch is one of its own."""
        self.client.post_raw(self.rng.choice(GARBAGE))
        self.num_nameless += 1
        self.call()


async def fuzz(client: LspClient, seed: int, num_messages: int) -> Fuzzer:
    fuzzer = Fuzzer(client, seed)
    for number in range(num_messages):
        fuzzer.step()
        if number % 20 == 0:
            await client.process.stdin.drain()  # type: ignore[union-attr]
            await asyncio.sleep(0.002)
        if number % 250 == 0:
            await client.pong()
    await client.pong()
    await asyncio.wait(fuzzer.answers, timeout=10)
    return fuzzer


def unexpected(answer: asyncio.Future[Any]) -> str:
    if not answer.done():
        return "no reply"
    error = answer.exception()
    if error is None:
        return ""
    return "" if isinstance(error, ReplyError) and error.code in REPLIES else repr(error)


async def check(lab: Lab, seed: int, num_messages: int) -> None:
    client = await lab.start()
    process = psutil.Process(client.process.pid)
    await fuzz(client, seed, num_messages // 4)
    client.nameless_errors.clear()
    before = process.memory_info().rss
    fuzzer = await fuzz(client, seed + 1, num_messages)
    growth = (process.memory_info().rss - before) / 2**20
    print(f"fuzz: {num_messages} messages, {len(fuzzer.answers)} requests, memory {growth:+.1f} MiB")
    assert [text for text in map(unexpected, fuzzer.answers) if text] == []
    assert len(client.nameless_errors) == fuzzer.num_nameless
    assert {error["code"] for error in client.nameless_errors} == {-32700, -32600}
    assert growth < 20
    client.open("file:///after.py", "x = 1")
    assert [item["insertText"] for item in await client.complete("file:///after.py", 0, 5)] == ["echo(x = 1)"]
    assert math.isclose(sum(client.num_replies.values()), len(client.num_replies))
    assert await client.quit() == 0


async def test_2500_messages(own_lab: Lab) -> None:
    await check(own_lab, seed=1, num_messages=2500)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 108))
async def test_many_more(own_lab: Lab, seed: int) -> None:
    await check(own_lab, seed, num_messages=20_000)


async def test_the_fuzzer_repeats() -> None:
    """A seed that found something finds it again."""

    class Silent:
        def __init__(self) -> None:
            self.said: list[Any] = []

        def send(self, method: str, params: Any) -> Any:
            self.said.append((method, params))
            return type("Answer", (), {"id": len(self.said)})()

        def notify(self, method: str, params: Any) -> None:
            self.said.append((method, params))

        post = post_raw = lambda self, data: self.said.append(data)

    def story(seed: int) -> str:
        silent = Silent()
        fuzzer = Fuzzer(silent, seed)  # type: ignore[arg-type]
        for _ in range(200):
            fuzzer.step()
        return json.dumps(silent.said, default=repr)

    assert story(3) == story(3) != story(4)

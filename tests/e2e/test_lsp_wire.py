"""Broken bytes, broken JSON, broken JSON-RPC and broken parameters against a real server: answered, and survived."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import LspClient, ReplyError, frame

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASK = "textDocument/inlineCompletion"
GOOD: dict[str, Any] = {
    "textDocument": {"uri": "file:///wire.py"},
    "position": {"line": 0, "character": 5},
    "context": {"triggerKind": 2},
}


async def nameless(client: LspClient, data: bytes) -> list[int]:
    """The codes of the errors without an id that these bytes brought; the server lives on."""
    client.nameless_errors.clear()
    client.post_raw(data)
    await client.pong()
    return [error["code"] for error in client.nameless_errors]


async def code_of(client: LspClient, method: str, params: Any) -> int | None:
    try:
        await client.request(method, params)
    except ReplyError as error:
        return error.code if len(error.message) < 500 else 0
    return None


@pytest.mark.parametrize(
    "position",
    [
        {"line": 2**31, "character": 0},
        {"line": 0, "character": 2**31},
        {"line": 2**63, "character": 2**63},
        {"line": 1e308, "character": 0},
        {"line": -1, "character": 0},
        {"line": 0, "character": -1},
        {"line": "x", "character": 0},
        {"line": None, "character": 0},
        {"line": 0},
        {},
        [],
        None,
        7,
    ],
)
async def test_positions_that_cannot_be(neovim: LspClient, position: Any) -> None:
    assert await code_of(neovim, ASK, {**GOOD, "position": position}) == -32602


@pytest.mark.parametrize(
    "params",
    [
        None,
        {},
        [],
        [GOOD],
        {**GOOD, "context": {}},
        {**GOOD, "context": None},
        {**GOOD, "context": {"triggerKind": 7}},
        {**GOOD, "context": {"triggerKind": "1"}},
        {**GOOD, "context": {"triggerKind": [0]}},
        {**GOOD, "context": {"triggerKind": 1, "selectedCompletionInfo": 5}},
        {**GOOD, "textDocument": None},
        {**GOOD, "textDocument": {}},
        {key: value for key, value in GOOD.items() if key != "context"},
        {key: value for key, value in GOOD.items() if key != "position"},
    ],
)
async def test_parameters_that_do_not_fit(neovim: LspClient, params: Any) -> None:
    assert await code_of(neovim, ASK, params) == -32602


async def test_the_error_names_what_does_not_fit(neovim: LspClient) -> None:
    with pytest.raises(ReplyError, match=r"\$\.textDocument"):
        await neovim.request(ASK, {"position": GOOD["position"], "context": GOOD["context"]})


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("textDocument/hover", -32601),
        ("$/unheardOf", -32601),
        ("", -32601),
        ("initialized", None),
        ("workspace/executeCommand", -32602),
        ("initialize", -32600),
    ],
)
async def test_methods(neovim: LspClient, method: str, code: int | None) -> None:
    assert await code_of(neovim, method, {}) == code


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (b"", [-32700]),
        (b"{", [-32700]),
        (b"nonsense", [-32700]),
        (b"\xff\xfe\x00", [-32700]),
        (b'{"jsonrpc":"2.0","id":NaN,"method":"glm/status"}', [-32700]),
        (b"[" * 200_000, [-32700]),
        (b"[" * 200 + b"]" * 200, [-32700]),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"glm/status","params":' + b'{"a":' * 500 + b"1" + b"}" * 501,
            [-32700],
        ),
        (b"[]", [-32600]),
        (b"17", [-32600]),
        (b"{}", [-32600]),
        (b'{"jsonrpc":"2.0","id":null,"method":"glm/status"}', [-32600]),
        (b'{"jsonrpc":"2.0","id":[],"method":"glm/status"}', [-32600]),
        (b'{"jsonrpc":"2.0","method":5}', [-32600]),
        (b'{"jsonrpc":"2.0","method":"unheard/of"}', []),
        (b'{"jsonrpc":"2.0","id":"never sent","result":null}', []),
        (b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}', []),
    ],
)
async def test_bodies(neovim: LspClient, body: bytes, codes: list[int]) -> None:
    assert await nameless(neovim, frame(body)) == codes


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Type: x\r\n\r\n",
        b"Content-Length: -3\r\n\r\n",
        b"Content-Length: many\r\n\r\n",
        b"Content-Length\r\n\r\n",
        b"garbage\r\n\r\n",
        b"garbage glued to the next header: ",
        b'{"jsonrpc":"2.0","id":5,"method":"glm/status"}',
        b"\x00" * 10_000,
        b"x" * 300_000,
    ],
)
async def test_framing_is_found_again(neovim: LspClient, data: bytes) -> None:
    assert await nameless(neovim, data) == [-32700]


@pytest.mark.parametrize("excess", [1, 7, 25, 60])
async def test_a_length_announced_too_large_costs_no_message(neovim: LspClient, excess: int) -> None:
    """The first message is complete, so what follows it is the next one."""
    body = json.dumps({"jsonrpc": "2.0", "id": f"long-{excess}", "method": "glm/status"}).encode()
    neovim.post_raw(b"Content-Length: %d\r\n\r\n%b" % (len(body) + excess, body))
    await neovim.pong()
    assert neovim.num_replies[f"long-{excess}"] == 1


async def test_a_length_announced_too_small(neovim: LspClient) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": "short", "method": "glm/status"}).encode()
    codes = await nameless(neovim, b"Content-Length: %d\r\n\r\n%b" % (len(body) - 9, body))
    assert set(codes) == {-32700}
    assert neovim.num_replies["short"] == 0
    del neovim.num_replies["short"]


async def test_an_id_that_is_running(neovim: LspClient) -> None:
    neovim.open("file:///hang.py", "#hang\n")
    params = {**GOOD, "textDocument": {"uri": "file:///hang.py"}}
    first = neovim.send(ASK, params, id="twice")
    second = neovim.send("glm/status", id="twice")
    with pytest.raises(ReplyError) as error:
        await second
    assert error.value.code == -32600
    neovim.cancel(first)
    await neovim.pong()
    assert neovim.num_replies.pop("twice") == 2


@pytest.mark.parametrize("identifier", [0, -1, 2**53, 2**70, "", "😀", "a" * 10_000])
async def test_odd_ids_come_back_as_they_are(neovim: LspClient, identifier: Any) -> None:
    future = neovim.send("glm/status", id=identifier)
    assert (await asyncio.wait_for(future, 5))["model"] == "fake"


def changing(*changes: Any, uri: str = "file:///wire.py") -> dict[str, Any]:
    return {"textDocument": {"uri": uri, "version": 2}, "contentChanges": list(changes)}


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/didOpen", None),
        ("textDocument/didOpen", {"textDocument": {"uri": "file:///x.py"}}),
        ("textDocument/didOpen", {"textDocument": {"uri": 5, "text": "x"}}),
        ("textDocument/didChange", {}),
        ("textDocument/didChange", {"textDocument": {"uri": "file:///wire.py"}, "contentChanges": 5}),
        ("textDocument/didChange", changing({"text": "lost"}, {})),
        ("textDocument/didChange", changing({"text": "lost"}, {"text": "x", "range": {}})),
        ("textDocument/didChange", changing({"text": "lost"}, {"text": "x", "range": "all"})),
        ("textDocument/didChange", changing({"text": 5})),
        ("textDocument/didChange", changing({"text": "x"}, uri="file:///nowhere.py")),
        ("textDocument/didClose", {}),
        ("textDocument/didClose", {"textDocument": {"uri": []}}),
        ("textDocument/didSave", {}),
        ("workspace/didChangeConfiguration", 5),
        ("workspace/didChangeWorkspaceFolders", {}),
        ("window/workDoneProgress/cancel", {"token": "unheard of"}),
        ("$/setTrace", {"value": 5}),
        ("notebookDocument/didOpen", {}),
        ("shutdown", None),
    ],
)
async def test_notifications_that_cannot_be_used_are_ignored(
    neovim: LspClient, method: str, params: Any
) -> None:
    neovim.open("file:///wire.py", "x = 1")
    neovim.notify(method, params)
    items = await neovim.complete("file:///wire.py", 0, 5)
    assert [item["insertText"] for item in items] == ["echo(x = 1)"]


async def test_a_bomb_is_refused_within_100_ms_and_leaves_no_memory_behind(neovim: LspClient) -> None:
    process = psutil.Process(neovim.process.pid)
    await neovim.pong()
    before = process.memory_info().rss
    waits = []
    for bomb in [b"[" * 1_000_000, b'{"a":' * 200_000, b'[["' * 300_000] * 2:
        start = time.perf_counter()
        neovim.nameless_errors.clear()
        neovim.post_raw(frame(bomb))
        await neovim.wait_for(lambda: neovim.nameless_errors)
        waits.append(time.perf_counter() - start)
    print(f"bombs refused after {[round(1000 * wait) for wait in waits]} ms")
    assert min(waits) < 0.1
    assert process.memory_info().rss - before < 30 * 2**20


async def test_too_large_a_message_is_skipped(neovim: LspClient) -> None:
    size = 64 * 2**20 + 1
    neovim.nameless_errors.clear()
    neovim.post_raw(b"Content-Length: %d\r\n\r\n" % size + b" " * size)
    await neovim.request("glm/status", timeout_s=30)
    assert [error["code"] for error in neovim.nameless_errors] == [-32700]


async def test_an_absurd_length_ends_the_server_with_a_word(lab: Lab) -> None:
    client = await lab.start()
    client.post_raw(b"Content-Length: 99999999999999\r\n\r\n")
    assert await client.exited() == 1
    assert [error["code"] for error in client.nameless_errors] == [-32700]
    assert b"cannot be read any further" in client.log


async def test_complaints_do_not_flood_the_log(neovim: LspClient) -> None:
    before = len(neovim.log)
    for _ in range(200):
        neovim.post_raw(frame(b"nonsense"))
        neovim.notify("textDocument/didOpen", None)
    await neovim.pong()
    assert len(neovim.log) - before < 500

"""What becomes of suggestions, over real LSP: from edits to `glm/status`, and to the engine's `/metrics`."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from glm_lsp.engine.address import TcpAddress
from glm_lsp.engine.client.client import HttpEngineClient
from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import NEOVIM, VSCODE, LspClient, insertion
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_server import serve

pytestmark = pytest.mark.asyncio(loop_scope="module")
URI = "file:///home/me/a.py"
FIGURES = ("shown", "accepted", "acceptedChars")


async def suggested(client: LspClient, text: str, line: int, character: int, version: int = 1) -> str:
    """Opens or changes the document, and waits until its suggestion must have been seen."""
    if version == 1:
        client.open(URI, text)
    else:
        client.change(URI, version, {"text": text})
    (item,) = await client.complete(URI, line, character)
    await asyncio.sleep(0.3)
    return str(item["insertText"])


async def figures(client: LspClient) -> tuple[Any, ...]:
    status = await client.request("glm/status")
    return tuple(status[name] for name in FIGURES)


@pytest.mark.parametrize("editor", [NEOVIM, VSCODE], ids=["utf-8", "utf-16"])
async def test_taken_and_undone(lab: Lab, editor: dict[str, Any]) -> None:
    client = await lab.start(editor=editor)
    text = await suggested(client, "# \U0001f600\nx = a\n", 1, 5)
    assert await figures(client) == (1, 0, 0)
    client.change(URI, 2, insertion(1, 5, text))
    assert await figures(client) == (1, 1, len(text))
    place = {"start": {"line": 1, "character": 5}, "end": {"line": 1, "character": 5 + len(text)}}
    client.change(URI, 3, {"range": place, "text": ""})
    assert await figures(client) == (1, 0, 0)


async def test_line_is_replaced_as_a_whole(lab: Lab) -> None:
    client = await lab.start()
    text = await suggested(client, "x = a\r\ny = 2\r\n", 0, 5)
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
    client.change(URI, 2, {"range": whole, "text": f"x = a{text}\r\n"})
    assert await figures(client) == (1, 1, len(text))


async def test_an_editor_that_runs_the_command_is_believed(lab: Lab) -> None:
    """One bracket could have been typed as well."""
    client = await lab.start()
    text = await suggested(client, "x = a\n", 0, 5)
    client.change(URI, 2, insertion(0, 5, text))
    for _ in range(2):
        command = {"command": client.command["command"], "arguments": client.command["arguments"]}
        assert await client.request("workspace/executeCommand", command) is None
    assert await figures(client) == (1, 1, len(text))
    for arguments in ([], [None], ["x"], [10**9], [[]], [{}], [True]):
        command = {"command": "glm.accepted", "arguments": arguments}
        assert await client.request("workspace/executeCommand", command) is None
    assert await figures(client) == (1, 1, len(text))


async def test_everything_is_sent_anew(lab: Lab) -> None:
    client = await lab.start()
    text = await suggested(client, "x = a\ny = 2\n", 0, 5)
    client.change(URI, 2, {"text": f"x = a{text}\ny = 2\n"})
    assert await figures(client) == (1, 1, len(text))


async def test_typed_by_hand_or_not_wanted(lab: Lab) -> None:
    client = await lab.start()
    text = await suggested(client, "x = a\n", 0, 5)
    for number, key in enumerate(text):
        client.change(URI, 2 + number, insertion(0, 5 + number, key))
    assert await figures(client) == (1, 0, 0)
    await suggested(client, "y = b\n", 0, 5, version=90)
    client.change(URI, 91, insertion(0, 5, "#"))
    assert await figures(client) == (2, 0, 0)


async def test_part_and_rest(lab: Lab) -> None:
    client = await lab.start(initializationOptions={"suggest": "eager"})
    text = await suggested(client, "x = a\n", 0, 5)
    assert text.startswith("echo(")
    client.change(URI, 2, insertion(0, 5, "echo"))
    (rest,) = await client.complete(URI, 0, 9)
    client.change(URI, 3, insertion(0, 9, rest["insertText"]))
    assert await figures(client) == (1, 1, len(text))
    status = await client.request("glm/status")
    assert status["hitRate"] == 0.5  # the rest was known
    assert status["p50Ms"] > 0


async def test_engine_adds_up_what_its_windows_counted(own_lab: Lab) -> None:
    """Two windows; what they have not yet reported they report when they close. A third keeps the engine."""
    await own_lab.start()
    for _ in range(2):
        client = await own_lab.start()
        text = await suggested(client, "x = a\n", 0, 5)
        client.change(URI, 2, insertion(0, 5, text))
        await client.pong()
        assert await client.quit() == 0
    (state,) = [
        json.loads(path.read_bytes())
        for path in own_lab.home.glob("**/*.json")
        if path.with_suffix(".lock").exists()
    ]
    engine = HttpEngineClient(state["address"], state.get("token"))
    try:
        metrics = await engine.metrics()
    finally:
        await engine.close()
    assert metrics["glm_lsp_editor_requests_total"] == 2
    assert metrics["glm_lsp_editor_accepted_total"] == 2
    assert metrics["glm_lsp_editor_accepted_chars_total"] == 2 * len(text)
    assert metrics["glm_lsp_editor_inserted_chars_total"] == 2 * len(text)


async def test_servers_elsewhere_are_told_nothing(own_lab: Lab) -> None:
    engine = FakeEngine()
    with serve(engine, TcpAddress("127.0.0.1", 0)) as address:
        client = await own_lab.start(initializationOptions={"engineUrl": f"http://{address}"})
        text = await suggested(client, "x = a\n", 0, 5)
        client.change(URI, 2, insertion(0, 5, text))
        assert await figures(client) == (1, 1, len(text))
        assert await client.quit() == 0
        asked = HttpEngineClient(address)
        metrics = await asked.metrics()
        await asked.close()
    assert engine.jobs
    assert {count for name, count in metrics.items() if "_editor_" in name} == {0}


async def test_source_text_is_nowhere_but_in_memory(own_lab: Lab) -> None:
    client = await own_lab.start()
    text = await suggested(client, "x = very_unusual_name\n", 0, 21)
    client.change(URI, 2, insertion(0, 21, text))
    await client.pong()
    assert await client.quit() == 0
    written = [path for path in own_lab.home.rglob("*") if path.is_file()]
    assert not any(b"very_unusual_name" in path.read_bytes() for path in written)

"""`glm/status`, as notification and as request."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import LspClient

pytestmark = pytest.mark.asyncio(loop_scope="module")
URI = "file:///a.py"


def statuses(client: LspClient) -> list[dict[str, Any]]:
    return [params for method, params in client.notifications if method == "glm/status"]


async def test_from_starting_to_ready(lab: Lab) -> None:
    client = await lab.start()
    assert statuses(client)[0]["state"] == "starting"
    assert statuses(client)[-1] == {
        "state": "ready", "message": "", "model": "fake", "lastMs": None,
        "numPromptTokens": 0, "numCachedTokens": 0, "hitRate": None, "reuse": None, "p50Ms": None, "p95Ms": None,
        "shown": 0, "accepted": 0, "acceptedChars": 0,
    }  # fmt: skip
    assert await client.request("glm/status") == statuses(client)[-1]
    assert await client.request("glm/status", {}) == statuses(client)[-1]


async def test_a_completion_leaves_its_figures(lab: Lab) -> None:
    client = await lab.start()
    client.open(URI, "x = 1")
    await client.complete(URI, 0, 5)
    status = await client.request("glm/status")
    assert 0 < status["lastMs"] < 5000
    assert status["numPromptTokens"] > status["numCachedTokens"] == 0
    await client.wait_for(lambda: statuses(client)[-1] == status)


async def test_busy_is_shown_for_long_work_only(lab: Lab) -> None:
    client = await lab.start()
    client.open(URI, "#slow\nx = 1\n")
    answer = client.ask(URI, 2, 0)
    await client.wait_for(lambda: statuses(client)[-1]["state"] == "busy")
    client.cancel(answer)
    await client.wait_for(lambda: statuses(client)[-1]["state"] == "ready")


async def test_fast_typing_does_not_flood_the_editor(lab: Lab) -> None:
    client = await lab.start()
    client.open(URI, "")
    start = time.perf_counter()
    for number in range(100):
        client.change(URI, number + 2, {"text": f"x = {number}"})
        await client.complete(URI, 0, 4 + len(str(number)))
    elapsed = time.perf_counter() - start
    figures = [status for status in statuses(client) if status["lastMs"] is not None]
    busy = 2 * sum(status["state"] == "busy" for status in figures)
    assert len(figures) - busy <= elapsed + 2


async def test_switched_off(lab: Lab) -> None:
    client = await lab.spawn()
    await client.initialize(initializationOptions={"enable": False})
    await client.wait_for(lambda: statuses(client))
    assert [status["state"] for status in statuses(client)] == ["inactive"]
    client.open(URI, "x = 1")
    assert await client.complete(URI, 0, 5) == []
    await asyncio.sleep(0.1)
    assert client.server_requests == []

"""What editors have counted, on its way into `/metrics`."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from glm_lsp.completion.outcome import Source
from glm_lsp.engine.address import TcpAddress
from glm_lsp.engine.client.client import HttpEngineClient
from glm_lsp.engine.http.usage import EDITOR_COUNTS, MAX_ADDED, EditorUsage
from glm_lsp.errors import RequestError
from glm_lsp.usage.figures import UsageFigures
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_server import serve

BAD = [
    b"",
    b"[]",
    b"5",
    b"{",
    b"\xff",
    b'{"shown": -1}',
    b'{"shown": 1.5}',
    b'{"shown": "1"}',
    b'{"shown": true}',
    b'{"shown": null}',
    b'{"shown": {"a": 1}}',
    b'{"elsewhere": 1}',
    b'{"shown": 1, "source text": 1}',
    b'{"shown": 99999999999999999999}',
]


def test_reports_add_up() -> None:
    usage = EditorUsage()
    assert usage.counters()["editor_shown"] == 0
    for count in (3, 0, 4):
        usage.add(json.dumps({"shown": count, "accepted_chars": 10}).encode())
    assert usage.counters()["editor_shown"] == 7
    assert usage.counters()["editor_accepted_chars"] == 30
    usage.add(b"{}")


@pytest.mark.parametrize("body", BAD)
def test_bad_reports_change_nothing(body: bytes) -> None:
    usage = EditorUsage()
    with pytest.raises(RequestError):
        usage.add(body)
    assert set(usage.counters().values()) == {0}


def test_largest_number() -> None:
    EditorUsage().add(json.dumps({"shown": MAX_ADDED}).encode())
    with pytest.raises(RequestError):
        EditorUsage().add(json.dumps({"shown": MAX_ADDED + 1}).encode())


def test_every_count_of_a_window_has_a_name_there() -> None:
    figures = UsageFigures()
    for source in [*(each.value for each in Source), None]:
        figures.answered(source, 1.0, 0, 0)
    assert set(figures.totals()) == EDITOR_COUNTS


async def test_client_reports_and_metrics_show_it() -> None:
    with serve(FakeEngine(), TcpAddress("127.0.0.1", 0)) as address:
        client = HttpEngineClient(address)
        try:
            await client.add_usage({"shown": 3, "accepted": 2})
            await client.add_usage({"shown": 1})
            metrics = await client.metrics()
            assert metrics["glm_lsp_editor_shown_total"] == 4
            assert metrics["glm_lsp_editor_accepted_total"] == 2
            assert metrics["glm_lsp_editor_inserted_chars_total"] == 0
            with pytest.raises(RequestError) as refused:
                await client.add_usage({"path": 1})
            assert refused.value.code == "GLM-405"
            assert (await client.metrics())["glm_lsp_editor_shown_total"] == 4
        finally:
            await client.close()


@pytest.mark.parametrize(("method", "status"), [("GET", 405), ("POST", 400)])
async def test_other_methods_and_bodies_are_refused_as_everywhere(method: str, status: int) -> None:
    with serve(FakeEngine(), TcpAddress("127.0.0.1", 0)) as address:
        answer = await ask(
            address, f"{method} /v1/usage HTTP/1.1\r\nhost: {address}\r\ncontent-length: 0\r\n\r\n"
        )
    assert answer["status"] == status
    assert answer["body"]["error"]["code"] == "GLM-405"


async def ask(address: Any, request: str) -> dict[str, Any]:
    """One request, as bytes."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(request.encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(head.lower().partition("content-length: ")[2].partition("\r")[0])
    body = json.loads(await reader.readexactly(length))
    writer.close()
    return {"status": int(head.split()[1]), "body": body}

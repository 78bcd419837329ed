"""Server-sent events: answers that take their time, and end at once when the client goes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

import msgspec
from starlette.types import Message, Receive, Scope, Send

from glm_lsp.engine.http.error_body import error_json, error_response
from glm_lsp.engine.http.job_events import Event, EventQueue
from glm_lsp.errors import GlmError

HEARTBEAT_S = 0.5
"""A silent stream sends a comment this often, so that a client can tell a busy engine from a stopped one."""

DONE = b"data: [DONE]\n\n"
HEARTBEAT = b":\n\n"
_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]


async def send_stream(events: EventQueue, scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a job's events as they come.

    The status waits for the first event or heartbeat, so that a request that fails at once gets its error's
    status.
    """
    batch = await events.take(HEARTBEAT_S)
    if batch and isinstance(batch[0], GlmError):
        await error_response(batch[0])(scope, receive, send)
        return
    await _start(send)
    while events.ending is None:
        await send(_body(b"".join(map(_encode, batch)) or HEARTBEAT))
        batch = await events.take(HEARTBEAT_S)
    # One write for the closing chunk, the report and the end marker: the client reads them in one go.
    await send(_body(b"".join(map(_encode, batch)) + DONE, more=False))


async def send_heartbeats(leaving: asyncio.Event, send: Send) -> None:
    """Sends heartbeats until the engine leaves, then the end marker."""
    await _start(send)
    while not leaving.is_set():
        await send(_body(HEARTBEAT))
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await leaving.wait()
        except TimeoutError:
            continue
    await send(_body(DONE, more=False))


async def while_connected(receive: Receive, work: Coroutine[object, object, None]) -> None:
    """Runs `work` to its end, or until the client has gone.

    Raises:
        Exception: whatever `work` raises.
    """
    working = asyncio.ensure_future(work)
    going = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait((working, going), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (working, going):
            task.cancel()
        await asyncio.wait((working, going))
    if not working.cancelled():
        working.result()


async def _start(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})


def _body(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


def _encode(event: Event) -> bytes:
    payload = error_json(event) if isinstance(event, GlmError) else msgspec.json.encode(event)
    return b"data: " + payload + b"\n\n"


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

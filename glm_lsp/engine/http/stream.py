"""Server-sent events: answers that take their time, and end at once when the client goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from msgspec import Struct

from glm_lsp.engine.http.asgi import Message, Receive, Send
from glm_lsp.engine.http.error_body import error_json, send_error
from glm_lsp.engine.http.job_events import Event, EventQueue
from glm_lsp.errors import GlmError

Encode = Callable[[Event], bytes]
"""The server-sent events for an event of the engine; may be empty."""

HEARTBEAT_S = 0.5
"""A silent stream sends a comment this often, so that a client can tell a busy engine from a stopped one."""

DONE = b"data: [DONE]\n\n"
HEARTBEAT = b":\n\n"
_encoder = msgspec.json.Encoder()
_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]


def sse_event(message: Struct) -> bytes:
    """One server-sent event of JSON."""
    return b"data: " + _encoder.encode(message) + b"\n\n"


def error_event(error: GlmError) -> bytes:
    """The event that ends a stream early."""
    return b"data: " + error_json(error) + b"\n\n"


def completion_event(event: Event) -> bytes:
    """An event of the engine as it is."""
    return error_event(event) if isinstance(event, GlmError) else sse_event(event)


async def send_stream(events: EventQueue, send: Send, encode: Encode = completion_event) -> None:
    """Sends a job's events as they come, each in the form that `encode` gives it.

    The status waits for the first event or heartbeat, so that a request that fails at once gets its error's
    status.

    Raises:
        ClientGoneError: the client went away first.
    """
    batch = await events.take(HEARTBEAT_S)
    if batch and isinstance(batch[0], GlmError):
        await send_error(send, batch[0])
        return
    await _start(send)
    while events.ending is None:
        await send(_body(b"".join(map(encode, batch)) or HEARTBEAT))
        batch = await events.take(HEARTBEAT_S)
    # One write for the closing chunk, the report and the end marker: the client reads them in one go.
    await send(_body(b"".join(map(encode, batch)) + DONE, more=False))


async def send_heartbeats(ending: asyncio.Event, send: Send) -> None:
    """Sends heartbeats until the end, then the end marker."""
    await _start(send)
    while not ending.is_set():
        await send(_body(HEARTBEAT))
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await ending.wait()
        except TimeoutError:
            continue
    await send(_body(DONE, more=False))


@contextmanager
def watching(receive: Receive, when_gone: Callable[[], None]) -> Iterator[None]:
    """Calls `when_gone` if the client goes while the body runs. The request's own body must have been read."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        when_gone()

    task = asyncio.ensure_future(watch())
    try:
        yield
    finally:
        task.cancel()


async def _start(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})


def _body(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}

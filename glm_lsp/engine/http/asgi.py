"""The few words of ASGI that the engine speaks: types, and an answer of one piece."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

Scope = Mapping[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]
"""Names in lower case, as ASGI has them."""

JSON = b"application/json"


class ClientGoneError(Exception):
    """The client has closed its connection: nobody is left to answer."""


def header(headers: Headers, name: bytes) -> bytes | None:
    """The first header of that name."""
    return next((value for key, value in headers if key == name), None)


async def respond(
    send: Send, body: bytes, status: int = 200, content_type: bytes = JSON, headers: Headers = ()
) -> None:
    """Sends a whole response."""
    named = [(b"content-type", content_type), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": named})
    await send({"type": "http.response.body", "body": body})

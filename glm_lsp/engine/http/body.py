"""Request bodies, limited while they arrive."""

from __future__ import annotations

import asyncio

from glm_lsp.engine.http.asgi import ClientGoneError, Receive, Scope, header
from glm_lsp.engine.wire import MAX_BODY_BYTES
from glm_lsp.errors import RequestError, RequestTooLargeError

BODY_TIMEOUT_S = 10.0


async def read_body(
    scope: Scope, receive: Receive, limit: int = MAX_BODY_BYTES, timeout_s: float = BODY_TIMEOUT_S
) -> bytes:
    """The body of a request, of which at most `limit` bytes are ever kept.

    Raises:
        RequestTooLargeError: more was declared, or more came than was declared.
        RequestError: it did not arrive in time.
        ClientGoneError: the client went away.
    """
    declared = header(scope["headers"], b"content-length") or b""
    if declared.isdigit() and int(declared) > limit:
        raise RequestTooLargeError(f"the request declares {declared.decode()} bytes")
    try:
        async with asyncio.timeout(timeout_s):
            return await _join(receive, limit)
    except TimeoutError as error:
        raise RequestError(f"the request's body did not arrive within {timeout_s:g} s") from error


async def _join(receive: Receive, limit: int) -> bytes:
    pieces: list[bytes] = []
    num_bytes, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
        num_bytes += len(pieces[-1])
        if num_bytes > limit:
            raise RequestTooLargeError(f"the request has more than {limit} bytes")
    return b"".join(pieces)

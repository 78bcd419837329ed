"""Request bodies, limited while they arrive."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from glm_lsp.engine.wire import MAX_BODY_BYTES
from glm_lsp.errors import RequestError, RequestTooLargeError

BODY_TIMEOUT_S = 10.0


async def read_body(
    request: Request, limit: int = MAX_BODY_BYTES, timeout_s: float = BODY_TIMEOUT_S
) -> bytes:
    """The body of a request, of which at most `limit` bytes are ever kept.

    Raises:
        RequestTooLargeError: more was declared, or more came than was declared.
        RequestError: it did not arrive in time.
        ClientDisconnect: the client went away (starlette's).
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise RequestTooLargeError(f"the request declares {declared} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for piece in request.stream():
                body += piece
                if len(body) > limit:
                    raise RequestTooLargeError(f"the request has more than {limit} bytes")
    except TimeoutError as error:
        raise RequestError(f"the request's body did not arrive within {timeout_s:g} s") from error
    return bytes(body)

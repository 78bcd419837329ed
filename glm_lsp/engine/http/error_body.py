"""Errors on the wire: OpenAI's error object with our code and remedy."""

from __future__ import annotations

import logging
import traceback

import msgspec
from msgspec import Struct

from glm_lsp.engine.http.asgi import JSON, Headers, Send, respond
from glm_lsp.errors import (
    AccessError,
    ContextOverflowError,
    EngineError,
    EngineMismatchError,
    GlmError,
    RequestError,
    RequestTooLargeError,
)

logger = logging.getLogger(__name__)

_STATUS: dict[type[GlmError], int] = {
    RequestTooLargeError: 413,
    RequestError: 400,
    ContextOverflowError: 400,
    EngineMismatchError: 404,
    AccessError: 403,
}


class WireError(Struct, frozen=True):
    """OpenAI's error fields; `message` is the cause, `remedy` is ours."""

    message: str
    type: str
    code: str
    remedy: str = ""
    param: str | None = None


class ErrorBody(Struct, frozen=True):
    """Body of every answer that is not 200, and the event that ends a stream early."""

    error: WireError


def error_status(error: GlmError) -> int:
    """The HTTP status of an error: 4xx when another request would do better, else 500."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)


def error_json(error: GlmError) -> bytes:
    """An error as JSON."""
    kind = "invalid_request_error" if error_status(error) < 500 else "server_error"
    return msgspec.json.encode(ErrorBody(WireError(error.cause, kind, error.code, error.remedy)))


async def send_error(send: Send, error: GlmError, status: int | None = None, headers: Headers = ()) -> None:
    """Answers with an error."""
    await respond(send, error_json(error), status or error_status(error), JSON, headers)


def unexpected(error: Exception) -> EngineError:
    """Logs a defect of ours and makes it an error that can be sent.

    The exception's own message is left out, as it may quote the prompt.
    """
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error("unexpected %s\n%s", type(error).__name__, frames)
    return EngineError(f"the engine failed on this request ({type(error).__name__})")

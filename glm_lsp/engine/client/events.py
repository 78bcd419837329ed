"""Reads a stream of server-sent events, as OpenAI-style servers write them: one `data:` line per event."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

import msgspec
from msgspec import Struct

from glm_lsp.engine.wire import MAX_BODY_BYTES, CompletionChunk
from glm_lsp.errors import EngineError, GlmError, error_from_dict

DONE = b"[DONE]"


class _ErrorFields(Struct):
    message: str = ""
    code: str | int | None = None
    remedy: str = ""


class _ErrorBody(Struct):
    error: _ErrorFields


async def read_events(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The payload of each event as it comes, `[DONE]` included; an empty one for each comment (a heartbeat).

    Raises:
        EngineError: a line is longer than a request may be.
    """
    rest = b""
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()
            elif line.startswith(b":"):
                yield b""
        if len(rest) > MAX_BODY_BYTES:
            raise EngineError("the engine sent a line that does not end")


def decode_chunk(payload: bytes) -> CompletionChunk:
    """One event of a completion.

    Raises:
        GlmError: the error that the event carries.
        EngineError: the event is neither a chunk nor an error.
    """
    try:
        return msgspec.json.decode(payload, type=CompletionChunk)
    except msgspec.MsgspecError as error:
        refusal = decode_error(payload)
        raise refusal or EngineError(f"the engine sent an event of unknown form: {error}") from error


def decode_error(body: bytes) -> GlmError | None:
    """The error in an answer's body, ours or another OpenAI-style server's; None when there is none."""
    try:
        fields = msgspec.json.decode(body, type=_ErrorBody).error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    code = fields.code if isinstance(fields.code, str) and fields.code.startswith("GLM-") else ""
    if not code:
        return EngineError(f"the server refused the request: {fields.message}")
    return error_from_dict({"code": code, "cause": fields.message, "remedy": fields.remedy})

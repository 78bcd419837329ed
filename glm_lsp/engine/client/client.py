"""Talks to an engine over HTTP. Closing a completion's stream is the one way to cancel it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Protocol

import msgspec

from glm_lsp.engine.address import Address, UrlAddress, parse_address
from glm_lsp.engine.chat_wire import ChatRequest, StreamOptions
from glm_lsp.engine.client.chat_events import decode_chat_chunk
from glm_lsp.engine.client.connection import Connection, ConnectionLostError
from glm_lsp.engine.client.events import DONE, decode_chunk, decode_error, read_events
from glm_lsp.engine.client.pool import ConnectionPool
from glm_lsp.engine.description import EngineDescription, ModelList
from glm_lsp.engine.wire import MAX_BODY_BYTES, CompletionChunk, CompletionRequest
from glm_lsp.errors import (
    EngineAbsentError,
    EngineError,
    EngineLostError,
    EngineSilentError,
    GlmError,
    SettingError,
)

SILENCE_S = 1.8
"""A stream silent for this long is lost: the engine beats every 0.5 s, also while it computes."""

FAR_SILENCE_S = 30.0
"""The same for a server elsewhere, which may be a foreign one without heartbeats."""

PROBE_S = 0.5
"""How long a healthy engine may take to answer a question that needs no model."""

_encoder = msgspec.json.Encoder()


class EngineClient(Protocol):
    """What a front needs of an engine, near or far."""

    def complete(self, request: CompletionRequest) -> AsyncGenerator[CompletionChunk, None]:
        """Streams a completion. `aclose()` or cancelling the awaiting task cancels the work at once.

        A consumer that may stop early must close the generator (`contextlib.aclosing`).

        Raises:
            EngineLostError: the engine went away; the next request may work.
            GlmError: what the engine answered instead.
        """

    def chat(self, request: ChatRequest) -> AsyncGenerator[CompletionChunk, None]:
        """Streams the answer to a dialogue, in the shape of a completion; otherwise as `complete`.

        Raises:
            RequestError: the model holds no dialogues, or none whose messages come in this order.
        """

    async def describe(self) -> EngineDescription:
        """What is being served.

        Raises:
            EngineError: nobody answers, or not as an engine would.
        """

    async def close(self) -> None:
        """Closes all connections; the engine goes on."""


class HttpEngineClient:
    """An `EngineClient` for one address. It starts nothing. Use it on one event loop.

    Args:
        address: of the engine, parsed or as text (loopback or https only).
        token: bearer token, when the engine asks for one.
        silence_s: seconds without a sign of life after which a stream is lost; by default `SILENCE_S`, or
            `FAR_SILENCE_S` for a URL.

    Raises:
        AddressError: the address cannot be used.
        SettingError: the token cannot be sent in a header.
    """

    def __init__(
        self, address: Address | str, token: str | None = None, *, silence_s: float | None = None
    ) -> None:
        self.address = parse_address(address) if isinstance(address, str) else address
        self._silence_s = silence_s or (FAR_SILENCE_S if isinstance(self.address, UrlAddress) else SILENCE_S)
        self._pool = ConnectionPool(self.address)
        # Nothing may be compressed, so that each event can be read as it comes.
        headers = ["accept-encoding: identity", *([f"authorization: {_bearer(token)}"] if token else [])]
        self._headers = "".join(f"{line}\r\n" for line in (f"host: {self._pool.host}", *headers))

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[CompletionChunk, None]:
        """See `EngineClient`."""
        body = _encoder.encode(request if request.stream else msgspec.structs.replace(request, stream=True))
        async with aclosing(self._chunks("/v1/completions", body, decode_chunk)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def chat(self, request: ChatRequest) -> AsyncGenerator[CompletionChunk, None]:
        """See `EngineClient`."""
        streamed = msgspec.structs.replace(
            request, stream=True, stream_options=StreamOptions(include_usage=True)
        )
        body = _encoder.encode(streamed)
        async with aclosing(self._chunks("/v1/chat/completions", body, decode_chat_chunk)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def describe(self) -> EngineDescription:
        """See `EngineClient`."""
        body = await self._get("/v1/models", self._silence_s)
        try:
            return msgspec.json.decode(body, type=ModelList).data[0].describe()
        except (msgspec.MsgspecError, IndexError, UnicodeDecodeError) as error:
            raise EngineError(f"{self.address} does not answer as an engine would") from error

    async def metrics(self) -> dict[str, float]:
        """The engine's counters and gauges, by the names Prometheus sees.

        Raises:
            EngineError: nobody answers, or not as an engine would.
        """
        body = await self._get("/metrics", self._silence_s)
        try:
            samples = [line.split() for line in body.decode().splitlines() if line and line[0] != "#"]
            return {name: float(value) for name, value in samples}
        except ValueError as error:
            raise EngineError(f"{self.address} does not answer as an engine would") from error

    async def add_usage(self, counts: Mapping[str, int]) -> None:
        """Has counts of an editor added to the engine's `/metrics`.

        Raises:
            EngineError: nobody answers.
            RequestError: it does not take them.
        """
        async with self._stream("POST", "/v1/usage", _encoder.encode(counts)) as pieces:
            async for _ in pieces:  # only a response that was read to its end frees its connection
                pass

    async def attach(self) -> AsyncGenerator[None, None]:
        """Keeps the engine from leaving for as long as the generator is open; yields at each heartbeat.

        Ends when the engine leaves in good order.

        Raises:
            EngineLostError: the engine died or stopped beating.
        """
        async with self._stream("GET", "/v1/attach") as pieces, aclosing(read_events(pieces)) as events:
            async for payload in events:
                if payload == DONE:
                    return
                yield
        raise EngineLostError("the engine closed the connection")

    async def healthy(self) -> bool:
        """Whether the engine's event loop answers within `PROBE_S`."""
        try:
            await self._get("/healthz", PROBE_S)
        except GlmError:
            return False
        return True

    async def close(self) -> None:
        """See `EngineClient`."""
        self._pool.close()

    async def _chunks(
        self, path: str, body: bytes, decode: Callable[[bytes], CompletionChunk]
    ) -> AsyncGenerator[CompletionChunk, None]:
        async with self._stream("POST", path, body) as pieces, aclosing(read_events(pieces)) as events:
            done = False
            async for payload in events:
                # Read on after the end marker: only a response that was read to its end frees its connection.
                done = done or payload == DONE
                if payload and not done:
                    yield decode(payload)
        if not done:
            raise EngineLostError("the engine's answer broke off")

    async def _get(self, path: str, timeout_s: float) -> bytes:
        with _engine_errors(self.address):
            async with asyncio.timeout(timeout_s), self._pool.connection(timeout_s) as connection:
                connection.send(self._head("GET", path), b"")
                status = await connection.status(timeout_s)
                body = await _whole(connection, timeout_s)
        if not _is_success(status):
            raise _refusal(status, body)
        return body

    @asynccontextmanager
    async def _stream(self, method: str, path: str, body: bytes = b"") -> AsyncIterator[AsyncIterator[bytes]]:
        silence_s = self._silence_s
        with _engine_errors(self.address):
            async with self._pool.connection(silence_s) as connection:
                connection.send(self._head(method, path), body)
                status = await connection.status(silence_s)
                if not _is_success(status):
                    raise _refusal(status, await _whole(connection, silence_s))
                yield _pieces(connection, silence_s)

    def _head(self, method: str, path: str) -> bytes:
        kind = "content-type: application/json\r\n" if method == "POST" else ""
        return f"{method} {self._pool.prefix}{path} HTTP/1.1\r\n{self._headers}{kind}".encode("ascii")


def _bearer(token: str) -> str:
    """The header's value. A line end in it would begin a header of its own."""
    if not (token.isascii() and token.isprintable()):
        raise SettingError(
            "the engine's token has characters that a header cannot hold",
            "Use a token of printable ASCII characters, here and where the engine runs: GLM_LSP_ENGINE_TOKEN.",
        )
    return f"Bearer {token}"


async def _pieces(connection: Connection, silence_s: float) -> AsyncIterator[bytes]:
    while piece := await connection.read(silence_s):
        yield piece


async def _whole(connection: Connection, silence_s: float) -> bytes:
    body = b""
    while piece := await connection.read(silence_s):
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise EngineError("the engine's answer is too long")
    return body


@contextmanager
def _engine_errors(address: Address) -> Iterator[None]:
    """What goes wrong with a connection, as our errors."""
    try:
        yield
    except ConnectionLostError as error:
        raise EngineLostError(f"the connection to the engine at {address} broke off") from error
    except ssl.SSLCertVerificationError as error:
        raise EngineError(f"the certificate of {address} is not trusted: {error.verify_message}") from error
    except TimeoutError as error:
        raise EngineSilentError(f"the engine at {address} is silent") from error
    except OSError as error:
        raise EngineAbsentError(f"no engine answers at {address}") from error


def _is_success(status: int) -> bool:
    return 200 <= status < 300


def _refusal(status: int, body: bytes) -> GlmError:
    return decode_error(body) or EngineError(f"the engine answered with HTTP status {status}")

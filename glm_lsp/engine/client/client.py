"""Talks to an engine over HTTP. Closing a completion's stream is the one way to cancel it.

Importing this module is cheap: httpx is imported by the first request.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import msgspec

from glm_lsp.engine.address import (
    Address,
    UnixAddress,
    UrlAddress,
    check_socket_owner,
    is_loopback,
    parse_address,
)
from glm_lsp.engine.client.events import DONE, decode_chunk, decode_error, read_events
from glm_lsp.engine.description import EngineDescription, ModelList
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest
from glm_lsp.errors import EngineAbsentError, EngineError, EngineLostError, EngineSilentError, GlmError

if TYPE_CHECKING:
    import httpx

SILENCE_S = 1.8
"""A stream silent for this long is lost: the engine beats every 0.5 s, also while it computes."""

FAR_SILENCE_S = 30.0
"""The same for a server elsewhere, which may be a foreign one without heartbeats."""

PROBE_S = 0.5
"""How long a healthy engine may take to answer a question that needs no model."""

_IDLE_CONNECTION_S = 300.0


class EngineClient(Protocol):
    """What a front needs of an engine, near or far."""

    def complete(self, request: CompletionRequest) -> AsyncGenerator[CompletionChunk, None]:
        """Streams a completion. `aclose()` or cancelling the awaiting task cancels the work at once.

        A consumer that may stop early must close the generator (`contextlib.aclosing`).

        Raises:
            EngineLostError: the engine went away; the next request may work.
            GlmError: what the engine answered instead.
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
    """

    def __init__(
        self, address: Address | str, token: str | None = None, *, silence_s: float | None = None
    ) -> None:
        self.address = parse_address(address) if isinstance(address, str) else address
        self._token = token
        self._silence_s = silence_s or (FAR_SILENCE_S if isinstance(self.address, UrlAddress) else SILENCE_S)
        self._client: httpx.AsyncClient | None = None

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[CompletionChunk, None]:
        """See `EngineClient`."""
        body = msgspec.json.encode(msgspec.structs.replace(request, stream=True))
        async with (
            self._stream("POST", "/v1/completions", body) as pieces,
            aclosing(read_events(pieces)) as events,
        ):
            done = False
            async for payload in events:
                # Read on after the end marker: only a response that was read to its end frees its connection.
                done = done or payload == DONE
                if payload and not done:
                    yield decode_chunk(payload)
        if not done:
            raise EngineLostError("the engine's answer broke off")

    async def describe(self) -> EngineDescription:
        """See `EngineClient`."""
        body = await self._get("/v1/models", self._silence_s)
        try:
            return msgspec.json.decode(body, type=ModelList).data[0].describe()
        except (msgspec.MsgspecError, IndexError, UnicodeDecodeError) as error:
            raise EngineError(f"{self.address} does not answer as an engine would") from error

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
        client, self._client = self._client, None
        if client:
            await client.aclose()

    async def _get(self, path: str, timeout_s: float) -> bytes:
        client = await self._http()
        with _engine_errors(self.address):
            response = await client.get(path, timeout=timeout_s)
        if not response.is_success:
            raise _refusal(response.status_code, response.content)
        return response.content

    @asynccontextmanager
    async def _stream(
        self, method: str, path: str, body: bytes | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        client = await self._http()
        with _engine_errors(self.address):
            async with client.stream(method, path, content=body) as response:
                if not response.is_success:
                    raise _refusal(response.status_code, await response.aread())
                yield response.aiter_raw()

    async def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            if isinstance(self.address, UnixAddress):
                check_socket_owner(self.address.path)
            # It takes a good part of a second on a slow machine, which the event loop should not.
            await asyncio.to_thread(importlib.import_module, "httpx")
            self._client = self._client or _new_client(self.address, self._token, self._silence_s)
        return self._client


def _new_client(address: Address, token: str | None, silence_s: float) -> httpx.AsyncClient:
    import httpx  # noqa: PLC0415 - see the module's docstring

    base_url = _base_url(address)
    far = isinstance(address, UrlAddress) and not is_loopback(httpx.URL(base_url).host)
    return httpx.AsyncClient(
        base_url=base_url,
        # Nothing is compressed, so that each event can be read as it comes.
        headers={"accept-encoding": "identity"} | ({"authorization": f"Bearer {token}"} if token else {}),
        timeout=httpx.Timeout(silence_s, pool=None),
        transport=httpx.AsyncHTTPTransport(
            # Reading the certificates takes 20 ms, and nothing on this machine speaks TLS.
            verify=far,
            uds=str(address.path) if isinstance(address, UnixAddress) else None,
            limits=httpx.Limits(max_keepalive_connections=8, keepalive_expiry=_IDLE_CONNECTION_S),
        ),
    )


def _base_url(address: Address) -> str:
    if isinstance(address, UnixAddress):
        return "http://localhost"
    return address.url if isinstance(address, UrlAddress) else f"http://{replace(address, name='')}"


@contextmanager
def _engine_errors(address: Address) -> Iterator[None]:
    """Maps httpx's errors. It is imported by then, as a client exists."""
    import httpx  # noqa: PLC0415

    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise EngineAbsentError(f"no engine answers at {address}") from error
    except httpx.TimeoutException as error:
        raise EngineSilentError(f"the engine at {address} is silent") from error
    except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
        raise EngineLostError(f"the connection to the engine at {address} broke off") from error
    except httpx.HTTPError as error:
        raise EngineError(f"the engine at {address} cannot be used: {error}") from error


def _refusal(status: int, body: bytes) -> GlmError:
    return decode_error(body) or EngineError(f"the engine answered with HTTP status {status}")

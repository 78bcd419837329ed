"""One HTTP/1.1 connection: a request out, a response in, piece by piece.

httptools, the parser of Node's HTTP, reads what comes; writing a request is one line of text. A client of any size
would cost more than the engine's answer does: httpx 0.5 ms of each request, this 0.04.
"""

from __future__ import annotations

import asyncio
import select
from typing import cast

import httptools

_BUFFER_BYTES = 64 * 1024
_MAX_AHEAD_BYTES = 4 * 1024 * 1024


class ConnectionLostError(Exception):
    """The other side closed the connection, or spoke something other than HTTP."""


class Connection(asyncio.BufferedProtocol):
    """A connection for one request after the other.

    Attributes:
        is_open: whether another request may be tried; false from the moment the other side closes.
        has_finished: whether the response has come to its end.
        idle_since: when the last response ended, on the loop's clock; kept by the pool.
    """

    def __init__(self) -> None:
        self.is_open = False
        self.has_finished = True
        self.idle_since = 0.0
        self._loop = asyncio.get_running_loop()
        self._memory = memoryview(bytearray(_BUFFER_BYTES))
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport
        self._parser: httptools.HttpResponseParser
        self._pieces: list[bytes] = []
        self._problem: ConnectionLostError | None = None
        self._status = self._num_ahead = 0
        self._is_delimited = self._is_paused = self._may_go_on = False

    @property
    def is_free(self) -> bool:
        """Whether the response was read to its end, so that the next request may follow."""
        return self.is_open and self.has_finished and not self._pieces

    def has_news(self) -> bool:
        """Whether something lies there to be read, which between two requests can only be the end.

        The event loop may not have come round to telling so.
        """
        socket = self._transport.get_extra_info("socket")
        try:
            return bool(select.select([socket.fileno()], [], [], 0)[0])
        except (AttributeError, OSError, ValueError):  # no socket, or a number that `select` does not take
            return False

    def send(self, head: bytes, body: bytes) -> None:
        """Begins a request; `is_free` must hold.

        Args:
            head: request line and headers, each with its line end.
        """
        self._parser = httptools.HttpResponseParser(self)
        self._status = 0
        self.has_finished = self._is_delimited = self._may_go_on = False
        self._transport.write(b"".join((head, b"content-length: %d\r\n\r\n" % len(body), body)))

    async def status(self, silence_s: float) -> int:
        """Waits for the head of the response.

        Raises:
            ConnectionLostError: the connection ended first.
            TimeoutError: nothing at all came for `silence_s` seconds.
        """
        while not self._status:
            await self._more(silence_s)
        return self._status

    async def read(self, silence_s: float) -> bytes:
        """What has come of the body since, at least one byte; empty at its end.

        Raises:
            ConnectionLostError: the connection ended first.
            TimeoutError: nothing came for `silence_s` seconds.
        """
        while not self._pieces and not self.has_finished:
            await self._more(silence_s)
        body = b"".join(self._pieces)
        self._pieces.clear()
        self._num_ahead = 0
        if self._is_paused:
            self._transport.resume_reading()
            self._is_paused = False
        return body

    def abort(self) -> None:
        """Closes at once: how a request that is no longer wanted is told."""
        self.is_open = False
        self._transport.abort()

    # --- what asyncio calls ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        self.is_open = True

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to put what comes."""
        return self._memory

    def buffer_updated(self, nbytes: int) -> None:
        """Something came."""
        if self.has_finished:
            # Nobody has asked for anything, or for anything more.
            self.abort()
            return
        try:
            self._parser.feed_data(self._memory[:nbytes])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._problem = ConnectionLostError(f"what came is no HTTP: {error}")
            self.abort()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side has gone, or we left."""
        self.is_open = False
        if self._status and not self._is_delimited:
            self.has_finished = True
        self._problem = self._problem or ConnectionLostError(str(exc or "it was closed"))
        self._wake()

    # --- what the parser calls -------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A response begins. One that nobody has asked for is dropped, and the connection is not used again."""
        if self.has_finished:
            self.is_open = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Without a length or chunks, a body goes on to the end of the connection."""
        self._is_delimited |= name.lower() in (b"content-length", b"transfer-encoding")

    def on_headers_complete(self) -> None:
        """The head is there; 1xx ones announce another."""
        if self.has_finished:
            return
        status = self._parser.get_status_code()
        self._status = status if status >= 200 else 0
        self._may_go_on = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self.has_finished:
            return
        self._pieces.append(body)
        self._num_ahead += len(body)
        if self._num_ahead > _MAX_AHEAD_BYTES and not self._is_paused:
            self._transport.pause_reading()
            self._is_paused = True

    def on_message_complete(self) -> None:
        """The response is whole."""
        if self.has_finished or not self._status:
            return
        self.has_finished = True
        self.is_open = self.is_open and self._may_go_on

    # -----------------------------------------------------------------------------------------------------------

    async def _more(self, silence_s: float) -> None:
        """Waits until something has come; what has come before an end is handed out first."""
        if self._problem:
            raise self._problem
        self._waiter = self._loop.create_future()
        timer = self._loop.call_later(silence_s, self._fall_silent, self._waiter)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    @staticmethod
    def _fall_silent(waiter: asyncio.Future[None]) -> None:
        if not waiter.done():
            waiter.set_exception(TimeoutError())

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

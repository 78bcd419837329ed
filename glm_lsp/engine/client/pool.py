"""Connections to one address: opened when needed, kept for the next request."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from glm_lsp.engine.address import Address, TcpAddress, UnixAddress, UrlAddress, check_socket_owner
from glm_lsp.engine.client.connection import Connection

_MAX_IDLE = 8
_IDLE_S = 300.0
_DEFAULT_PORTS = {"http": 80, "https": 443}


class ConnectionPool:
    """Use it on one event loop. Proxies of the environment are not used: code goes to the address and nowhere else."""

    def __init__(self, address: Address) -> None:
        self.host, self.prefix = _host_and_prefix(address)
        self._address = address
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()

    @asynccontextmanager
    async def connection(self, timeout_s: float) -> AsyncIterator[Connection]:
        """One that is free or new. It is kept if its response has been read to the end by then, else closed.

        Raises:
            AddressError: the socket is not ours.
            OSError: nobody can be reached, or not within `timeout_s`.
        """
        connection = self._take_idle() or await self._open(timeout_s)
        self._busy.add(connection)
        try:
            yield connection
        finally:
            self._busy.discard(connection)
            self._keep(connection)

    def close(self) -> None:
        """Closes every connection, also those in use."""
        for connection in (*self._idle, *self._busy):
            connection.abort()
        self._idle.clear()

    def _take_idle(self) -> Connection | None:
        oldest = asyncio.get_running_loop().time() - _IDLE_S
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and connection.idle_since > oldest:
                return connection
            connection.abort()
        return None

    def _keep(self, connection: Connection) -> None:
        if connection.is_free and len(self._idle) < _MAX_IDLE:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.abort()

    async def _open(self, timeout_s: float) -> Connection:
        try:
            async with asyncio.timeout(timeout_s):
                return await self._connect()
        except TimeoutError as error:
            raise ConnectionError("it took too long to connect") from error

    async def _connect(self) -> Connection:
        loop, address = asyncio.get_running_loop(), self._address
        if isinstance(address, UnixAddress):
            check_socket_owner(address.path)
            _, connection = await loop.create_unix_connection(Connection, str(address.path))
        elif isinstance(address, TcpAddress):
            _, connection = await loop.create_connection(Connection, address.host, address.port)
        else:
            url = urlsplit(address.url)
            host, port = url.hostname or "", url.port or _DEFAULT_PORTS[url.scheme]
            context = await asyncio.to_thread(_tls) if url.scheme == "https" else None
            _, connection = await loop.create_connection(Connection, host, port, ssl=context)
        return connection


def _tls() -> ssl.SSLContext:
    """Certificates are checked as the system does it: a company's own authority is known there."""
    import truststore  # noqa: PLC0415 - only those who use a server elsewhere need it

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _host_and_prefix(address: Address) -> tuple[str, str]:
    """The `Host` header, and what stands before each path."""
    if isinstance(address, UrlAddress):
        url = urlsplit(address.url)
        return url.netloc, url.path.rstrip("/")
    if isinstance(address, UnixAddress):
        return "localhost", ""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}", ""

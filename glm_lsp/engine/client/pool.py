"""Connections to one address: opened when needed, kept for the next request."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote, urlsplit

from glm_lsp.engine.address import Address, TcpAddress, UnixAddress, check_socket_owner
from glm_lsp.engine.client.connection import Connection
from glm_lsp.errors import AddressError

_MAX_IDLE = 8
_IDLE_S = 300.0
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[\w.:%-]+", re.ASCII)
_PATH_MARKS = "/%:@!$&'()*+,;=~"
"""What a path may hold besides letters and digits; an escape in it stays one."""


class ConnectionPool:
    """Use it on one event loop. Proxies of the environment are not used: code goes to the address and nowhere else.

    Attributes:
        host: the `Host` header.
        prefix: what stands before each path.

    Raises:
        AddressError: the host or the path of the URL cannot be sent.
    """

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
            if connection.is_open and connection.idle_since > oldest and not connection.has_news():
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
            host, port = _ascii_host(url.hostname or ""), url.port or _DEFAULT_PORTS[url.scheme]
            context = await asyncio.to_thread(_tls) if url.scheme == "https" else None
            _, connection = await loop.create_connection(Connection, host, port, ssl=context)
        return connection


def _tls() -> ssl.SSLContext:
    """Certificates are checked as the system does it: a company's own authority is known there."""
    import truststore  # noqa: PLC0415 - only those who use a server elsewhere need it

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _host_and_prefix(address: Address) -> tuple[str, str]:
    """The `Host` header, and what stands before each path: ASCII without spaces, as a request's head must be."""
    if isinstance(address, UnixAddress):
        return "localhost", ""
    if isinstance(address, TcpAddress):
        return _host_header(address.host, address.port), ""
    url = urlsplit(address.url)
    try:
        prefix = quote(url.path.rstrip("/"), safe=_PATH_MARKS)
    except UnicodeError as error:
        raise AddressError(f"the path of {address.url!r} cannot be sent") from error
    return _host_header(url.hostname or "", url.port), prefix


def _host_header(host: str, port: int | None) -> str:
    name = _ascii_host(host)
    return (f"[{name}]" if ":" in name else name) + ("" if port is None else f":{port}")


def _ascii_host(host: str) -> str:
    """A host as name servers and certificates know it: `bücher.example` is `xn--bcher-kva.example`."""
    try:
        name = host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise AddressError(f"{host!r} is not the name of a host") from error
    if not _HOST.fullmatch(name):
        raise AddressError(f"{host!r} is not the name of a host")
    return name

"""Servers on real sockets for tests: the engine's own one on a thread, and one that answers any bytes it is told."""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

from glm_lsp.engine.address import LocalAddress, TcpAddress, UnixAddress
from glm_lsp.engine.http.server import CompletionService
from glm_lsp.engine.process.lifetime import Lifetime
from glm_lsp.engine.process.listener import Listener
from glm_lsp.engine.process.server import ProcessServer


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose name leaves room for a socket's; pytest's own are too long."""
    folder = Path(tempfile.mkdtemp(prefix="glm-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def serve(
    service: CompletionService,
    address: LocalAddress,
    *,
    token: str | None = None,
    lifetime: Lifetime | None = None,
) -> Iterator[LocalAddress]:
    """Serves on a thread; gives the address with its real port."""
    with closing(Listener(address)) as listener:
        server = ProcessServer(service, listener, lifetime or Lifetime(0), token)
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listener.socket])), daemon=True
        )
        thread.start()
        try:
            wait_until(lambda: server.started)
            yield listener.address
        finally:
            server.should_exit = True
            thread.join(timeout=10)
            service.close()
    assert not thread.is_alive()


def wait_until(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Blocks until the condition holds; fails the test when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def talk(address: LocalAddress, request: bytes, *, end: bool = False) -> bytes:
    """Sends bytes as they are and returns all that comes back until the server closes.

    Args:
        end: say at once that nothing more will be sent.
    """
    with connect(address) as connection:
        connection.sendall(request)
        if end:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def connect(address: LocalAddress) -> socket.socket:
    """A connected socket with a time limit."""
    if isinstance(address, UnixAddress):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(10)
        try:
            connection.connect(str(address.path))
        except OSError:
            connection.close()
            raise
        return connection
    assert isinstance(address, TcpAddress)
    return socket.create_connection((address.host, address.port), timeout=10)


Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_server(path: Path, *answers: Answer) -> AsyncIterator[list[bytes]]:
    """Gives each request the next of these answers, the last for ever. Lists the first line of each connection."""
    connections: list[bytes] = []
    remaining = list(answers)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        new = True
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if new:
                    connections.append(head.partition(b"\r\n")[0])
                new = False
                await reader.readexactly(_content_length(head))
                await (remaining.pop(0) if len(remaining) > 1 else remaining[0])(writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_unix_server(handle, path)
    try:
        yield connections
    finally:
        server.close()


def say(*pieces: bytes, close: bool = False, pause_s: float = 0.0) -> Answer:
    """An answer of these bytes, with a pause after each piece."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)
        if close:
            writer.close()

    return answer


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0

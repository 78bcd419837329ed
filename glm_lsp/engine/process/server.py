"""Uvicorn around the engine's application: when it is ready, when it leaves, and in which order it goes."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable

import uvicorn

from glm_lsp.engine.address import TcpAddress
from glm_lsp.engine.http.guard import Guard
from glm_lsp.engine.http.server import CompletionService, EngineServer
from glm_lsp.engine.process.http_protocol import LimitedHttpProtocol
from glm_lsp.engine.process.lifetime import Lifetime
from glm_lsp.engine.process.listener import Listener
from glm_lsp.errors import AddressError

KEEP_ALIVE_S = 600
"""Longer than any client keeps an idle connection, so that it is never the server that closes one in use."""

_GRACE_S = 2
_TICKS_PER_S = 10


class ProcessServer(uvicorn.Server):
    """Serves one engine until a signal, the end of its lifetime, or the loss of its socket file."""

    def __init__(
        self, service: CompletionService, listener: Listener, lifetime: Lifetime, token: str | None
    ) -> None:
        loopback = isinstance(listener.address, TcpAddress) and listener.address.is_loopback
        self._engine = EngineServer(service, lifetime, Guard(loopback_host_only=loopback, token=token))
        self._listener = listener
        self._on_ready: Callable[[], None] = lambda: None
        super().__init__(_uvicorn_config(self._engine))

    def serve_until_done(self, on_ready: Callable[[], None]) -> None:
        """Blocks until the engine has left; `on_ready` runs once connections are accepted.

        Raises:
            AddressError: another program took the port meanwhile.
        """
        self._on_ready = on_ready
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        # Uvicorn sends itself the signal again when it is done; then there is nothing left to do.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(self, "should_exit", True))
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(self.serve(sockets=[self._listener.socket]))
        except OSError as error:
            raise AddressError(f"{self._listener.address} cannot be used: {error.strerror}") from error

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Uvicorn's, then `on_ready`."""
        await super().startup(sockets)
        self._on_ready()

    async def on_tick(self, counter: int) -> bool:
        """Whether to leave; asked ten times a second."""
        if await super().on_tick(counter) or self._engine.lifetime.expired():
            return True
        return counter % _TICKS_PER_S == 0 and not self._listener.is_intact()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hides the socket first: a front that comes now should find nobody rather than a closing door."""
        self._listener.remove()
        self._engine.leave()
        await super().shutdown(sockets)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's event loop where there is one: a request costs half as much on it."""
    try:
        import uvloop  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


def _uvicorn_config(engine: EngineServer) -> uvicorn.Config:
    return uvicorn.Config(
        engine.app,
        http=LimitedHttpProtocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )

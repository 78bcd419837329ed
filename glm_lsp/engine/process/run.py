"""The life of an engine process: one per address, started by whoever needs it, gone when nobody does.

    lock -> bind -> load the model -> listen -> serve -> remove socket and state -> unlock

The lock comes before everything that costs time, so of several engines started at once all but one leave
quickly.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from msgspec.structs import replace

from glm_lsp import __version__
from glm_lsp.engine.address import Address, LocalAddress, TcpAddress, UrlAddress, companion_file
from glm_lsp.engine.process.lifetime import Lifetime
from glm_lsp.engine.process.listener import Listener
from glm_lsp.engine.process.lock import ProcessLock
from glm_lsp.engine.process.log import logging_to
from glm_lsp.engine.process.state import ProcessState, StateFile, Status
from glm_lsp.errors import AddressError, EngineStartError, GlmError

if TYPE_CHECKING:
    from glm_lsp.engine.http.server import CompletionService

ALREADY_RUNNING = 75
"""Exit status of an engine that found another one at its address."""

logger = logging.getLogger(__name__)


def run_engine(
    engine_factory: Callable[[], CompletionService],
    address: Address,
    *,
    linger_s: float = 30.0,
    allow_remote: bool = False,
    token: str | None = None,
    log_file: Path | None = None,
) -> int:
    """Serves one engine until nobody needs it or a signal ends it. Call it on the main thread of its process.

    Args:
        engine_factory: loads the model; called once the address is this process's own.
        address: where to listen.
        linger_s: seconds to stay once the last front has gone; 0 stays for ever.
        allow_remote: whether an address that other machines can reach may be used; it needs a token, too.
        token: bearer token asked of clients. An engine on port 0 makes one up.
        log_file: takes the log and all output; stderr when None.

    Returns:
        The exit status: 0, or `ALREADY_RUNNING`.

    Raises:
        AddressError: the address is taken, cannot be bound, or may not be used.
        StorageError: runtime folder or log cannot be written.
        GlmError: whatever the factory raises; other exceptions become an `EngineStartError`. The error is
            also left in the state file, for the front that started this process.
    """
    with logging_to(log_file):
        local = _usable_address(address, allow_remote, token)
        lock = ProcessLock(companion_file(local, ".lock"))
        if not lock.acquire():
            logger.info("another engine serves %s", local)
            return ALREADY_RUNNING
        state = StateFile(companion_file(local, ".json"))
        try:
            with _failure_recorded(state, local):
                _serve(engine_factory, local, Lifetime(linger_s), token, state)
        finally:
            lock.release()
    return 0


def _serve(
    engine_factory: Callable[[], CompletionService],
    address: LocalAddress,
    lifetime: Lifetime,
    token: str | None,
    state: StateFile,
) -> None:
    signal.signal(signal.SIGTERM, _exit_quietly)
    state.write(_state("starting", address))
    with closing(Listener(address)) as listener:
        if isinstance(address, TcpAddress) and address.port == 0:
            token = token or secrets.token_urlsafe(32)
        # Imported behind the lock: engines that lose the race should not pay for it.
        from glm_lsp.engine.process.server import ProcessServer  # noqa: PLC0415

        with closing(engine_factory()) as service:
            model = service.describe().model
            lifetime.restart()
            server = ProcessServer(service, listener, lifetime, token)
            ready = replace(_state("ready", listener.address), model=model, token=token)
            logger.info("serving %s at %s", model, listener.address)
            server.serve_until_done(lambda: state.write(ready))
    state.remove()
    logger.info("left")


@contextmanager
def _failure_recorded(state: StateFile, address: LocalAddress) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        failure = error if isinstance(error, GlmError) else _as_start_error(error)
        logger.error("%s", failure)
        with suppress(GlmError):
            state.write(replace(_state("failed", address), error=failure.to_dict()))
        raise failure from error
    except SystemExit:
        state.remove()
        raise


def _as_start_error(error: Exception) -> EngineStartError:
    logger.error("unexpected %s\n%s", type(error).__name__, "".join(traceback.format_exception(error)))
    return EngineStartError(f"the engine failed to start ({type(error).__name__}: {error})")


def _state(status: Status, address: LocalAddress) -> ProcessState:
    return ProcessState(status=status, pid=os.getpid(), version=__version__, address=str(address))


def _usable_address(address: Address, allow_remote: bool, token: str | None) -> LocalAddress:
    if isinstance(address, UrlAddress):
        raise AddressError("an engine cannot listen on a URL")
    if isinstance(address, TcpAddress) and not address.is_loopback:
        if not allow_remote:
            raise AddressError(
                f"{address} can be reached by other machines", "Add --allow-remote and a token."
            )
        if not token:
            raise AddressError(f"{address} needs a token", "Set GLM_LSP_ENGINE_TOKEN to a random string.")
    return address


def _exit_quietly(*_: object) -> NoReturn:
    sys.exit(0)

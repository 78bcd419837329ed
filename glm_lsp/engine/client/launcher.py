"""The engine as a front sees it: there when needed, brought back when it dies.

One background task owns the engine's life:

    find or start -> ready -> hold the attach stream -> lost -> pause -> find or start ...

It ends in a failure that is told once: the error of an engine that cannot start, or too many crashes.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Literal

from glm_lsp.engine.address import LocalAddress, default_address
from glm_lsp.engine.chat_wire import ChatRequest
from glm_lsp.engine.client.backoff import MAX_CRASHES, WINDOW_S, Backoff
from glm_lsp.engine.client.client import HttpEngineClient
from glm_lsp.engine.client.search import CrashError, EngineSearch, EngineSpec
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest
from glm_lsp.errors import (
    EngineAbsentError,
    EngineError,
    EngineLostError,
    EngineSilentError,
    EngineStartError,
    GlmError,
)

EngineState = Literal["starting", "ready", "lost", "failed"]
OnState = Callable[[EngineState, str], None]
_Ask = Callable[[HttpEngineClient], AsyncGenerator[CompletionChunk, None]]

ENGINE_COMMAND = (sys.executable, "-P", "-m", "glm_lsp", "engine")
"""`-P`: nothing is imported from the current folder, which may be anybody's project."""

SHORTEST_LINGER_S = 0.1
_HICCUP_S = 0.25

logger = logging.getLogger(__name__)


class LocalEngine:
    """An `EngineClient` whose engine is a process on this machine, shared with other fronts.

    Closing it never ends the engine, which leaves by itself once no front is attached. Use it on one event
    loop.

    Args:
        model: name or folder of the model, as the engine's `--model` takes it.
        name: what the engine must call its model; "" accepts any name.
        model_hash: hash that the model's manifest must have; "" accepts any.
        options: further arguments of the engine. Engines with different options are different processes.
        linger_s: seconds the engine stays once the last front has gone.
        address: where it listens; by default an address of its own for this model, version and options.
        command: starts an engine, without its arguments.
        start_timeout_s: seconds that loading the model may take.
        on_state: told on the event loop when the engine is starting, ready, lost or failed, with a message.

    Raises:
        StorageError: runtime or log folder cannot be used.
    """

    def __init__(
        self,
        model: str,
        *,
        name: str = "",
        model_hash: str = "",
        options: Sequence[str] = (),
        linger_s: float = 30.0,
        address: LocalAddress | None = None,
        command: Sequence[str] = ENGINE_COMMAND,
        start_timeout_s: float = 120.0,
        on_state: OnState | None = None,
    ) -> None:
        # To an engine, 0 means for ever, which nobody wants of one that starts unasked.
        linger = f"{max(linger_s, SHORTEST_LINGER_S):g}"
        spec = EngineSpec(
            address=address or default_address(model, model_hash, options),
            model=name,
            model_hash=model_hash,
            command=(*command, "--model", model, "--linger", linger, *options),
            start_timeout_s=start_timeout_s,
        )
        self._search = EngineSearch(spec, lambda message: self._tell("starting", message))
        self._backoff = Backoff()
        self._on_state = on_state
        self._client: HttpEngineClient | None = None
        self._failure: GlmError | None = None
        self._changed = asyncio.Event()
        self._holding: asyncio.Task[None] | None = None
        self._loss: EngineLostError | None = None
        self._life: asyncio.Task[None] | None = None
        self._closed = False

    async def ensure(self) -> None:
        """Waits until the engine is ready; starts it if need be. Callers may come in any number.

        Raises:
            GlmError: why it cannot be started; told again to each caller until `restart`.
        """
        await self._ready_client()

    def complete(self, request: CompletionRequest) -> AsyncGenerator[CompletionChunk, None]:
        """See `EngineClient`; starts the engine if need be."""
        return self._asked(lambda client: client.complete(request))

    def chat(self, request: ChatRequest) -> AsyncGenerator[CompletionChunk, None]:
        """See `EngineClient`; starts the engine if need be."""
        return self._asked(lambda client: client.chat(request))

    async def describe(self) -> EngineDescription:
        """See `EngineClient`; starts the engine if need be."""
        client = await self._ready_client()
        return await client.describe()

    async def report_usage(self, counts: Mapping[str, int]) -> bool:
        """Has counts of an editor added to the engine's `/metrics`, if it is up; starts nothing.

        Returns:
            Whether they were taken.

        Raises:
            GlmError: they were not; the engine is lost, or refused them.
        """
        if self._client is None:
            return False
        await self._client.add_usage(counts)
        return True

    async def restart(self) -> None:
        """Forgets a failure and tries again.

        Raises:
            GlmError: it still cannot be started.
        """
        if self._failure:
            self._failure = None
            self._backoff.reset()
            self._life = None
        await self.ensure()

    async def close(self) -> None:
        """Lets go of the engine, which lives on for as long as others need it."""
        self._closed = True
        if self._life:
            self._life.cancel()
            await asyncio.wait((self._life,))
        if self._client:
            await self._client.close()
            self._client = None
        self._search.close()
        self._notify()

    async def _asked(self, ask: _Ask) -> AsyncGenerator[CompletionChunk, None]:
        try:
            async with aclosing(self._asked_once(ask)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except EngineAbsentError:
            # It died unnoticed before this request was sent, which its successor may thus have.
            async with aclosing(self._asked_once(ask)) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def _asked_once(self, ask: _Ask) -> AsyncGenerator[CompletionChunk, None]:
        client = await self._ready_client()
        try:
            async with aclosing(ask(client)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except EngineLostError as error:
            self._doubt(client, error)
            raise

    async def _ready_client(self) -> HttpEngineClient:
        while not self._closed:
            if self._failure:
                raise self._failure.with_traceback(None)
            if self._client:
                return self._client
            if self._life is None:
                self._life = asyncio.create_task(self._live())
            await self._changed.wait()
        raise EngineError("this client is closed")

    async def _live(self) -> None:
        try:
            while True:
                await self._live_once()
        except GlmError as error:
            self._fail(error)
        except Exception as error:
            logger.exception("the engine's supervision failed")
            self._fail(EngineError(f"the engine cannot be supervised ({type(error).__name__})"))

    async def _live_once(self) -> None:
        """One engine process, from its start to its end."""
        client, found = await self._bring_up()
        try:
            self._tell("ready", found.note)
            # A stream can break without the engine being at fault, as after a suspend of this machine.
            while (loss := await self._hold(client)) and await _is_hiccup(client, loss):
                pass
        finally:
            await client.close()
        if loss is None:
            self._tell("lost", "the engine has left")
            return
        if isinstance(loss, EngineSilentError):
            self._search.kill_stuck(found.pid)
        await self._pause(loss)

    async def _bring_up(self) -> tuple[HttpEngineClient, EngineDescription]:
        while True:
            self._tell("starting", "looking for the engine")
            try:
                return await self._search.find()
            except CrashError as crash:
                await self._pause(crash)

    async def _hold(self, client: HttpEngineClient) -> EngineLostError | None:
        """Lets requests use the client while its attach stream holds.

        Returns:
            Why that ended; None when the engine left in good order.
        """
        self._client = client
        self._notify()
        self._holding = asyncio.create_task(_attach(client))
        try:
            await asyncio.wait((self._holding,))
        finally:
            self._client = None
            self._holding.cancel()
            await asyncio.wait((self._holding,))
        if self._holding.cancelled():
            return self._loss
        error = self._holding.exception()
        if error is None or isinstance(error, EngineLostError):
            return error
        raise error

    def _doubt(self, client: HttpEngineClient, error: EngineLostError) -> None:
        """A request found the engine gone, perhaps sooner than the attach stream: look at once."""
        if self._client is client and self._holding:
            self._client = None
            self._loss = error
            self._holding.cancel()

    async def _pause(self, loss: EngineLostError | CrashError) -> None:
        self._tell("lost", loss.cause)
        delay_s = self._backoff.crashed()
        if delay_s is None:
            cause = (
                f"the engine died {MAX_CRASHES} times within {WINDOW_S:.0f} s; the last time, {loss.cause}"
            )
            raise self._search.with_log(EngineStartError(cause)) from loss
        await asyncio.sleep(delay_s)

    def _fail(self, error: GlmError) -> None:
        self._failure = error
        self._tell("failed", str(error))
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _tell(self, state: EngineState, message: str) -> None:
        logger.info("engine %s: %s", state, message)
        if self._on_state:
            try:
                self._on_state(state, message)
            except Exception:
                logger.exception("a listener to the engine's state failed")


async def _is_hiccup(client: HttpEngineClient, loss: EngineLostError) -> bool:
    if not await client.healthy():
        return False
    logger.warning("the engine is well, but %s", loss.cause)
    await asyncio.sleep(_HICCUP_S)
    return True


async def _attach(client: HttpEngineClient) -> None:
    async with aclosing(client.attach()) as beats:
        async for _ in beats:
            pass

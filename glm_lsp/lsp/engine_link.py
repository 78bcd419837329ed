"""The one place where the front meets the engine: brings it up in the background and says how it is.

Everything that costs time to import is imported here, in a thread, once `initialize` has been answered.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from glm_lsp.errors import EngineLostError, GlmError
from glm_lsp.lsp.reference_notes import ReferenceNotes

if TYPE_CHECKING:
    from glm_lsp.completion.documenting import Documenter
    from glm_lsp.completion.lifecycle import Completer
    from glm_lsp.config import Settings
    from glm_lsp.engine.client.client import EngineClient
    from glm_lsp.engine.description import EngineDescription

logger = logging.getLogger(__name__)

EngineState = Literal["starting", "ready", "lost", "failed"]
OnState = Callable[[EngineState, str], None]
Connect = Callable[["Settings", OnState], "EngineClient"]

_HEAVY_MODULES = (
    "glm_lsp.completion.lifecycle",
    "glm_lsp.engine.client.connect",
    "glm_lsp.references.finder",
    "glm_lsp.syntax.validity",
)
_FIRST_RETRY_S = 0.25
_LONGEST_RETRY_S = 30.0
_CLOSE_S = 0.3
_DESCRIBE_S = 2.0


def connect_late(settings: Settings, on_state: OnState) -> EngineClient:
    """The engine that the settings name: one at an address, or one on this machine, started when needed.

    Raises:
        GlmError: the address, the model or a folder of ours cannot be used.
    """
    # Imported late: it brings the HTTP client along.
    from glm_lsp.engine.client.connect import connect  # noqa: PLC0415

    return connect(settings, on_state)


class EngineLink:
    """The engine as handlers see it.

    Args:
        connect: makes a client; called on the event loop, and again after each restart.
        notes: what happens in the editor, for those who find references.
        on_state: told of every change of the engine's state, with a message for people.

    Attributes:
        completer: what to ask for suggestions; None while there is no engine to answer.
        documenter: completes documentation that was just begun, among the suggestions.
        model: what the engine calls its model; empty until it has answered once.
    """

    def __init__(self, connect: Connect, on_state: OnState, notes: ReferenceNotes) -> None:
        self.completer: Completer | None = None
        self.documenter: Documenter | None = None
        self.model = ""
        self._connect = connect
        self._notes = notes
        self._on_state = on_state
        self._client: EngineClient | None = None
        self._ready_completer: Completer | None = None
        self._life: asyncio.Task[None] | None = None
        self._failure: GlmError | None = None
        self._is_failed = False
        self._changed = asyncio.Event()

    def open(self, settings: Settings) -> None:
        """Begins to bring the engine up; `on_state` tells how that goes."""
        self._failure = None
        self._life = asyncio.create_task(self._live(settings))

    async def close(self) -> None:
        """Lets go of the engine; it leaves by itself when nobody needs it."""
        self.completer = self._ready_completer = None
        self._failure = EngineLostError("the engine was let go")
        self._wake()
        if self._life is not None:
            self._life.cancel()
            await asyncio.wait([self._life])
        client, self._client = self._client, None
        if client is not None:
            with suppress(GlmError, TimeoutError):
                await asyncio.wait_for(client.close(), _CLOSE_S)

    async def restart(self, settings: Settings) -> None:
        """Has the engine process replaced, if it is one of this machine's; else connects anew."""
        pid = 0 if settings.engine_url else await self._engine_pid()
        if pid > 0:
            # The launcher sees it go and starts another, here and in every other window.
            with suppress(OSError):
                os.kill(pid, signal.SIGTERM)
            return
        await self.close()
        self.open(settings)

    async def report_usage(self, counts: Mapping[str, int]) -> bool:
        """Has counts added to `/metrics` of an engine on this machine; False if there is none to take them.

        Raises:
            GlmError: it is there, but did not take them.
        """
        if self._client is None:
            return False
        from glm_lsp.engine.client.launcher import LocalEngine  # noqa: PLC0415 - loaded with the client

        return isinstance(self._client, LocalEngine) and await self._client.report_usage(counts)

    async def client(self) -> EngineClient:
        """The engine's client, as soon as the engine answers.

        Raises:
            GlmError: why none does, or will; nothing is waited for that has failed already.
        """
        while True:
            client = self._client
            if self.completer is not None and client is not None:
                return client
            if self._failure is not None:
                raise self._failure
            if self._is_failed and client is not None:
                await client.describe()  # tells why, unless it is well again
                return client
            await self._changed.wait()

    async def completer_within(self, seconds: float) -> Completer | None:
        """The completer, as soon as an engine that is coming up is there; None where none comes, or not in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.completer is None and self._is_coming:
                    await self._changed.wait()
        return self.completer

    def debounce(self, longest_s: float) -> None:
        """Waits at most so long for the next key from now on."""
        if self._ready_completer is not None:
            self._ready_completer.debounce.longest_s = longest_s

    def forget(self, uri: str) -> None:
        """Drops what is remembered of a closed document."""
        if self._ready_completer is not None:
            self._ready_completer.forget(uri)

    @property
    def _is_coming(self) -> bool:
        return self._failure is None and not self._is_failed

    async def _live(self, settings: Settings) -> None:
        self._tell("starting", "loading")
        try:
            await asyncio.to_thread(_import_heavy_modules)
            self._client = client = self._connect(settings, self._tell)
            description = await self._first_answer(client, settings)
        except GlmError as error:
            self._fail(error)
            return
        except Exception:
            logger.exception("the engine could not be brought up")
            self._fail(GlmError("the engine could not be brought up"))
            return
        self.model = description.model
        self._ready_completer = self._new_completer(client, settings)
        self._tell("ready", description.note)

    async def _first_answer(self, client: EngineClient, settings: Settings) -> EngineDescription:
        """A local engine answers when it has come up, or says why not; one elsewhere is asked until it does."""
        delay_s = _FIRST_RETRY_S
        while True:
            try:
                return await client.describe()
            except GlmError as error:
                if settings.engine_url:
                    self._tell("failed", str(error))
                elif not isinstance(error, EngineLostError):
                    raise
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, _LONGEST_RETRY_S)

    async def _engine_pid(self) -> int:
        """0 when there is no engine, or none that answers."""
        with suppress(GlmError, TimeoutError):
            if self._client is not None and self.completer is not None:
                return (await asyncio.wait_for(self._client.describe(), _DESCRIBE_S)).pid
        return 0

    def _new_completer(self, client: EngineClient, settings: Settings) -> Completer:
        from glm_lsp.completion.debounce import Debounce  # noqa: PLC0415
        from glm_lsp.completion.lifecycle import Completer  # noqa: PLC0415

        debounce = Debounce(settings.debounce_ms / 1000)
        finder = self._notes.finder()
        return Completer(client, debounce=debounce, finder=finder, documenter=self.documenter)

    def _fail(self, error: GlmError) -> None:
        self._failure = error
        self._tell("failed", str(error))

    def _tell(self, state: EngineState, message: str) -> None:
        """Also what the launcher calls: it brings an engine back by itself."""
        self.completer = self._ready_completer if state == "ready" else None
        self._is_failed = state == "failed"
        self._wake()
        if state != "ready" or self.completer is not None:
            self._on_state(state, message)

    def _wake(self) -> None:
        """Lets those who wait look again; whoever waits from now on waits for the next change."""
        self._changed.set()
        self._changed = asyncio.Event()


def _import_heavy_modules() -> None:
    for module in _HEAVY_MODULES:
        importlib.import_module(module)
    # What is loaded now stays: looking through it again would hold up a key for 20 ms every few hundred.
    gc.freeze()

"""What one editor window has: settings, a link to the engine, a status, and a memory of what it was told.

Handlers call this; it knows nothing of LSP's types.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glm_lsp.docstring.dialect import style_of_setting
from glm_lsp.errors import EngineLostError, GlmError, SettingError
from glm_lsp.lsp.docstrings import Docstrings
from glm_lsp.lsp.engine_link import Connect, EngineLink, EngineState
from glm_lsp.lsp.idle_work import IdleWork
from glm_lsp.lsp.last_request import FAILED, NO_ENGINE, SWITCHED_OFF, LastRequest, Whereabouts
from glm_lsp.lsp.reference_notes import ReferenceNotes
from glm_lsp.lsp.setting_change import needs_new_link
from glm_lsp.lsp.status import State, StatusDisplay
from glm_lsp.lsp.workspace_path import document_key

if TYPE_CHECKING:
    from glm_lsp.completion.outcome import Outcome
    from glm_lsp.completion.preferences import Preferences
    from glm_lsp.completion.snapshot import DocumentSnapshot
    from glm_lsp.config import Settings
    from glm_lsp.engine.client.client import EngineClient

logger = logging.getLogger(__name__)

_WAITS_FOR_ENGINE_S = 5.0
"""What is asked while the engine comes up is answered when it is there: most editors do not ask again."""


@dataclass(frozen=True, slots=True)
class Window:
    """How to reach the person at the editor."""

    send_status: Callable[[dict[str, Any]], None]
    show_message: Callable[[str], None]
    show_progress: Callable[[str, asyncio.Event], Coroutine[Any, Any, None]]


class Front:
    """One window. It is configured once after `initialized` and as often as settings change.

    Args:
        window: where status, popups and progress appear.
        connect: makes the engine's client.
        command_line: settings given to `glm-lsp serve`; they win over the editor's.

    Attributes:
        is_trusted: whether the opened folder may choose the model and the engine.
        docstrings: documentation on demand.
    """

    def __init__(
        self, window: Window, connect: Connect, command_line: Mapping[str, object] | None = None
    ) -> None:
        self.status = StatusDisplay(window.send_status)
        self.is_trusted = True
        self._window = window
        self._command_line = command_line
        self.references = ReferenceNotes()
        self._link = EngineLink(connect, self._engine_changed, self.references)
        self.docstrings = self._link.documenter = Docstrings(self.references, self._client)
        self._settings: Settings | None = None
        self._options: object = None
        self._changing = asyncio.Lock()
        self._last: dict[str, LastRequest] = {}
        self._last_with_references: LastRequest | None = None
        self._told: set[str] = set()
        self._settled = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._progress: asyncio.Task[None] | None = None
        self._idle_work = IdleWork(self._spawn, lambda: self._link.completer, self._is_wanted)

    async def configure(self, options: object) -> None:
        """Takes the editor's options; the engine is started, changed or left alone as they ask."""
        config = await asyncio.to_thread(importlib.import_module, "glm_lsp.config")
        self._options = options
        configuration = config.load(options, self._command_line, is_trusted=self.is_trusted)
        if configuration.warnings:
            self.tell(str(SettingError("; ".join(configuration.warnings))))
        # One change after the other: changing the engine takes several steps.
        async with self._changing:
            before, self._settings = self._settings, configuration.settings
            self.docstrings.style = style_of_setting(configuration.settings.docstring_style)
            logging.getLogger("glm_lsp").setLevel(configuration.settings.log_level.upper())
            if needs_new_link(before, configuration.settings):
                await self._reopen(configuration.settings)
            else:
                self._link.debounce(configuration.settings.debounce_ms / 1000)

    async def reload(self) -> None:
        """Reads the settings again, with the options the editor sent last."""
        await self.configure(self._options)

    async def trust(self, is_trusted: bool) -> None:
        """Takes note of whether the opened folder is trusted; its settings hold or fall with that."""
        self.is_trusted = is_trusted
        self.references.trusted(is_trusted)
        if self._settings is not None:
            await self.reload()

    def is_config_file(self, path: str) -> bool:
        """Whether a path is that of our settings file."""
        from glm_lsp import paths  # noqa: PLC0415

        return Path(path) == paths.config_file()

    async def restart(self) -> None:
        """Brings up a new engine and forgets what was told of the old one."""
        self._told.clear()
        async with self._changing:
            if self._settings is not None and self._settings.enable:
                await self._link.restart(self._settings)

    async def suggest(
        self, snapshot: DocumentSnapshot, candidates: int, *, since_key_s: float = 0.0
    ) -> Outcome | None:
        """The outcome, or None where none can be had: switched off, no engine in time, an engine in trouble."""
        key = document_key(snapshot.uri)
        asked = partial(
            LastRequest, snapshot.version, is_invoked=candidates > 1, asked=Whereabouts.of(snapshot)
        )
        self._last[key] = asked(reason=NO_ENGINE)
        completer = self._link.completer or await self._link.completer_within(_WAITS_FOR_ENGINE_S)
        if self._settings is not None and not self._is_wanted(snapshot):
            self._last[key] = asked(reason=SWITCHED_OFF)
            return None
        if completer is None or self._settings is None:
            return None
        self._idle_work.stop()
        start = time.perf_counter()
        with self.status.busy():
            try:
                outcome = await completer.suggest(
                    snapshot,
                    candidates=candidates,
                    preferences=self._preferences(self._settings),
                    since_key_s=since_key_s,
                )
            except Exception as error:
                # A link that was closed meanwhile, or is being mended, is nobody's trouble.
                if completer is self._link.completer:
                    self._failed(error)
                self._last[key] = asked(reason=FAILED)
                return None
        milliseconds = 1000 * (time.perf_counter() - start)
        last = self._last[key] = asked(outcome=outcome, ms=milliseconds)
        if outcome.surroundings is not None:
            self._last_with_references = last
        self._succeeded(outcome, milliseconds)
        if outcome.suggestions:
            self._idle_work.look_ahead(snapshot, outcome, self._look_ahead_preferences)
        return outcome

    @property
    def is_enabled(self) -> bool:
        """Whether anything is to be offered at all."""
        return self._settings is None or self._settings.enable

    def last_request(self, uri: str) -> LastRequest | None:
        """The last request of an open document that was answered, None before the first."""
        return self._last.get(document_key(uri))

    def references_are_of(self, last: LastRequest) -> bool:
        """Whether what `references` explains is about this request, and not about a later one of another document."""
        return last is self._last_with_references

    def warm(self, snapshot: Callable[[], DocumentSnapshot | None]) -> None:
        """Fills the engine's cache for a document, now or as soon as there is an engine."""
        self._idle_work.warm(snapshot)

    def edited(self, uri: str, typed_since: Callable[[DocumentSnapshot], str | None]) -> None:
        """Gives up what was asked about an older text of a document, unless it is being typed."""
        if self._link.completer is not None:
            self._link.completer.edited(uri, typed_since)

    def forget(self, uri: str) -> None:
        """Drops what is remembered of a closed document."""
        self._last.pop(document_key(uri), None)
        self._link.forget(uri)
        self.docstrings.forget(uri)

    async def report_usage(self, counts: Mapping[str, int]) -> bool:
        """Tells the engine what was counted here, if it runs on this machine; see `EngineLink.report_usage`."""
        return await self._link.report_usage(counts)

    def tell(self, message: str) -> None:
        """Shows a message that begins with a code, once for each code: people know after the first."""
        code = message.partition(":")[0]
        if code not in self._told:
            self._told.add(code)
            logger.warning("%s", message)
            self._window.show_message(message)

    async def close(self) -> None:
        """Lets go of the engine."""
        for task in self._tasks:
            task.cancel()
        self.references.close()
        await self._link.close()

    async def _reopen(self, settings: Settings) -> None:
        await self._link.close()
        if settings.enable:
            self._link.open(settings)
        else:
            self.status.show(State.INACTIVE, "switched off by the setting `enable`")

    @staticmethod
    def _preferences(settings: Settings) -> Preferences:
        from glm_lsp.completion.preferences import Preferences  # noqa: PLC0415 - loaded with the engine's link

        return Preferences.of(settings)

    async def _client(self) -> EngineClient:
        """For documentation that somebody waits for: nothing else is done at the engine meanwhile, unasked.

        Raises:
            GlmError: there is no engine.
        """
        self._idle_work.stop()
        return await self._link.client()

    def _is_wanted(self, snapshot: DocumentSnapshot) -> bool:
        settings = self._settings
        return (
            settings is not None
            and settings.enable
            and snapshot.language_id.lower() not in settings.disabled_in
        )

    def _succeeded(self, outcome: Outcome, milliseconds: float) -> None:
        usage = outcome.usage
        if outcome.generated and self.status.status.state is State.ERROR:
            self.status.show(State.READY)
        if outcome.generated or outcome.suggestions:
            self.status.measured(milliseconds, usage.num_prompt_tokens, usage.num_cached_tokens)
        logger.info(
            "completion: %.1f ms, %d of %d prompt tokens cached, %d suggestions %s",
            milliseconds,
            usage.num_cached_tokens,
            usage.num_prompt_tokens,
            len(outcome.suggestions),
            outcome.reason,
        )

    def _failed(self, error: Exception) -> None:
        is_local = self._settings is not None and self._settings.engine_url is None
        if isinstance(error, EngineLostError) and is_local:
            # It is being brought back already, and the status says so: no reason to interrupt anybody.
            logger.warning("%s", error)
            return
        if not isinstance(error, GlmError):
            logger.error("a completion failed", exc_info=error)
            error = GlmError("a completion failed unexpectedly")
        self.status.show(State.ERROR, str(error))
        self.tell(str(error))

    def _engine_changed(self, state: EngineState, message: str) -> None:
        if state == "ready":
            self._settled.set()
            self.status.show(State.READY, model=self._link.model)
            self._idle_work.engine_came()
            if message:
                self.tell(message)
        elif state == "failed":
            self._settled.set()
            self.status.show(State.ERROR, message)
            self.tell(message)
        else:
            self._show_start(message)

    def _show_start(self, message: str) -> None:
        self.status.show(State.STARTING, message)
        if self._settled.is_set() or self._progress is None:
            self._settled.clear()
            self._progress = self._spawn(
                self._window.show_progress("Loading the completion model", self._settled)
            )

    def _look_ahead_preferences(self) -> Preferences | None:
        """None where a server is asked that others share: it has better things to do."""
        settings = self._settings
        return self._preferences(settings) if settings is not None and settings.engine_url is None else None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

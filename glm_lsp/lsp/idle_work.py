"""What is done at the engine while nobody waits for it: its cache filled, the suggestion after Tab prepared."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from glm_lsp.completion.lifecycle import Completer
    from glm_lsp.completion.outcome import Outcome
    from glm_lsp.completion.preferences import Preferences
    from glm_lsp.completion.snapshot import DocumentSnapshot

logger = logging.getLogger(__name__)

LOOK_AHEAD_AFTER_S = 0.1
"""Nobody who types on takes a suggestion; who stops for so long might."""

LatestSnapshot = Callable[[], "DocumentSnapshot | None"]


class IdleWork:
    """One window's.

    Args:
        spawn: runs work in the background.
        completer: the engine as it is; None where there is none.
        is_wanted: whether anything is to be done for a document.
    """

    def __init__(
        self,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        completer: Callable[[], Completer | None],
        is_wanted: Callable[[DocumentSnapshot], bool],
    ) -> None:
        self._spawn = spawn
        self._completer = completer
        self._is_wanted = is_wanted
        self._to_warm: LatestSnapshot | None = None
        self._running: list[asyncio.Task[None]] = []

    def warm(self, snapshot: LatestSnapshot) -> None:
        """Fills the engine's cache for a document, now or as soon as there is an engine."""
        self.stop()
        self._to_warm = snapshot
        if self._completer() is not None:
            self.engine_came()

    def engine_came(self) -> None:
        """Does what had to wait for it."""
        if self._to_warm is not None:
            self._running.append(self._spawn(self._warm()))

    def look_ahead(
        self, snapshot: DocumentSnapshot, outcome: Outcome, preferences: Callable[[], Preferences | None]
    ) -> None:
        """Prepares what follows a suggestion, so that Tab is followed by the next one at once.

        Args:
            preferences: asked when it begins; None where nothing is to be prepared.
        """
        self._running.append(self._spawn(self._look_ahead(self._completer(), snapshot, outcome, preferences)))

    def stop(self) -> None:
        """Lets a person's request through at once; the engine keeps what it has computed."""
        self._to_warm = None
        for task in self._running:
            task.cancel()
        self._running.clear()

    async def _warm(self) -> None:
        completer, snapshot = self._completer(), self._to_warm and self._to_warm()
        self._to_warm = None
        if completer is None or snapshot is None or not self._is_wanted(snapshot):
            return
        try:
            await completer.warm(snapshot)
        except Exception as error:
            # Nobody waits for it; a request that fails for the same reason will say so.
            logger.info("the cache was not warmed: %s", type(error).__name__)

    async def _look_ahead(
        self,
        completer: Completer | None,
        snapshot: DocumentSnapshot,
        outcome: Outcome,
        preferences: Callable[[], Preferences | None],
    ) -> None:
        await asyncio.sleep(LOOK_AHEAD_AFTER_S)
        wanted = preferences()
        if completer is None or completer is not self._completer() or wanted is None:
            return
        try:
            await completer.look_ahead(snapshot, outcome, preferences=wanted)
        except Exception as error:
            logger.info("nothing was prepared: %s", type(error).__name__)

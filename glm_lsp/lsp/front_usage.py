"""The counts of one window, as its handlers tell them; now and then the local engine gets to know the new ones."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from glm_lsp.errors import GlmError
from glm_lsp.lsp.workspace_path import document_key
from glm_lsp.usage.edit import Edit
from glm_lsp.usage.figures import UsageFigures
from glm_lsp.usage.usage import Usage

if TYPE_CHECKING:
    from glm_lsp.completion.outcome import Outcome

logger = logging.getLogger(__name__)

REPORT_EVERY_S = 10.0
_LAST_REPORT_S = 0.2

Report = Callable[[dict[str, int]], Awaitable[bool]]


class FrontUsage:
    """Use it on one event loop.

    Args:
        read: the text between two offsets of an open document.
        report: takes what has been added to each count; False if there is nobody to take it.
    """

    def __init__(self, read: Callable[[str, int, int], str], report: Report) -> None:
        self._usage = Usage(read)
        self._report = report
        self._reported: dict[str, int] = {}
        self._reported_at = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._reporting: asyncio.Task[None] | None = None

    @property
    def figures(self) -> UsageFigures:
        """The counts so far."""
        return self._usage.figures

    def requested(self) -> None:
        """A completion was asked for."""
        self.figures.num_requests += 1
        self._keep_time()

    def answered(self, outcome: Outcome | None, ms: float) -> None:
        """It was answered, after so many milliseconds; None where nobody could be asked."""
        if outcome is None:
            self.figures.answered(None, ms, 0, 0)
        else:
            tokens = outcome.usage
            self.figures.answered(_source(outcome), ms, tokens.num_prompt_tokens, tokens.num_cached_tokens)

    def shown(self, uri: str, text: str, place: tuple[int, int], texts: Iterable[str]) -> int | None:
        """What the editor shows from now on; see `Usage.shown`."""
        return self._usage.shown(document_key(uri), text, place, texts, time.monotonic())

    def told(self, number: int) -> None:
        """The editor says that a suggestion was taken."""
        self._usage.told(number, time.monotonic())

    def edited(self, uri: str, edits: Sequence[Edit]) -> None:
        """A document was edited, each edit on the result of the one before."""
        self._usage.edited(document_key(uri), edits, time.monotonic())
        self._keep_time()

    def closed(self, uri: str) -> None:
        """A document was closed."""
        self._usage.closed(document_key(uri), time.monotonic())

    def refresh(self) -> None:
        """Brings the counts up to date: some change by time alone."""
        self._usage.tick(time.monotonic())

    async def close(self) -> None:
        """Reports what has not been reported, if that takes no time."""
        if self._timer is not None:
            self._timer.cancel()
        if self._reporting is not None:
            self._reporting.cancel()
        self.refresh()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_REPORT_S):
                await self._send()

    def _keep_time(self) -> None:
        """Has the clock looked at when something is due; no timer runs in a window where nothing happens."""
        if self._timer is not None:
            return
        due = [self._reported_at + REPORT_EVERY_S] if self._news() else []
        due += [self._usage.next_due] if self._usage.next_due is not None else []
        if due:
            delay = max(0.1, min(due) - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._time_passes)

    def _time_passes(self) -> None:
        self._timer = None
        now = time.monotonic()
        self._usage.tick(now)
        if now - self._reported_at >= REPORT_EVERY_S and self._news():
            self._reported_at = now
            self._reporting = asyncio.get_running_loop().create_task(self._send())
        self._keep_time()

    def _news(self) -> dict[str, int]:
        totals = self.figures.totals()
        news = {name: count - self._reported.get(name, 0) for name, count in totals.items()}
        return {name: count for name, count in news.items() if count > 0}

    async def _send(self) -> None:
        news = self._news()
        try:
            if news and await self._report(news):
                for name, count in news.items():
                    self._reported[name] = self._reported.get(name, 0) + count
        except GlmError as error:
            # They go out with the next ones.
            logger.info("the counts were not reported: %s", error.code)


def _source(outcome: Outcome) -> str | None:
    """Where an answer comes from; None if neither the model nor its memory was needed."""
    if outcome.suggestions:
        return outcome.suggestions[0].source.value
    if outcome.timing_ms is not None or outcome.usage.num_prompt_tokens:
        return "model"
    return "cache" if outcome.mode is not None else None

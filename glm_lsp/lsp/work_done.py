"""Bars in the editor for work that somebody waits for, each of which can be cancelled there."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from glm_lsp.lsp.wire.client_token import Token

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

_SHOWN_AFTER_S = 0.3
"""Whatever is done sooner needs no bar, unless the editor made one for it."""


class Bar:
    """One bar: says nothing before it is shown, and then the latest."""

    def __init__(self, ls: LanguageServer, title: str) -> None:
        self._ls = ls
        self._title = title
        self._token: Token | None = None
        self._message = ""
        self._percentage = 0

    def show(self, token: Token) -> None:
        """From now on it is to be seen."""
        self._token = token
        begin = types.WorkDoneProgressBegin(
            title=self._title,
            cancellable=True,
            message=self._message or None,
            percentage=self._percentage,
        )
        self._ls.work_done_progress.begin(token, begin)

    def report(self, done: int, total: int) -> None:
        """So much of the work is done."""
        self._message, self._percentage = f"{done} of {total}", 100 * done // max(total, 1)
        if self._token is not None:
            report = types.WorkDoneProgressReport(
                cancellable=True, message=self._message, percentage=self._percentage
            )
            self._ls.work_done_progress.report(self._token, report)

    def end(self) -> None:
        """It goes."""
        if self._token is not None:
            self._ls.work_done_progress.end(self._token, types.WorkDoneProgressEnd())
            self._ls.work_done_progress.tokens.pop(self._token, None)


class WorkDone:
    """The bars of one editor."""

    def __init__(self, ls: LanguageServer) -> None:
        self._ls = ls
        self._on_cancel: dict[Token, Callable[[], None]] = {}

    def cancel(self, token: object) -> None:
        """The person at the editor has had enough of something."""
        on_cancel = self._on_cancel.get(token) if isinstance(token, int | str) else None
        if on_cancel is not None:
            on_cancel()

    @asynccontextmanager
    async def bar(self, title: str, token: Token | None, on_cancel: Callable[[], None]) -> AsyncIterator[Bar]:
        """A bar for the time of the body.

        Args:
            title: what is being done.
            token: of a bar that the editor has made already; else one is asked for, if the editor has such.
            on_cancel: called when the person cancels.
        """
        bar, waiting = Bar(self._ls, title), None
        own = token if token is not None and token not in self._on_cancel else str(uuid.uuid4())
        self._on_cancel[own] = on_cancel
        if own == token:
            bar.show(own)
        elif self._can_be_asked:
            waiting = asyncio.create_task(self._ask(bar, own))
        try:
            yield bar
        finally:
            del self._on_cancel[own]
            if waiting is not None:
                waiting.cancel()
            bar.end()

    @property
    def _can_be_asked(self) -> bool:
        window = self._ls.client_capabilities.window
        return bool(window and window.work_done_progress)

    async def _ask(self, bar: Bar, token: Token) -> None:
        await asyncio.sleep(_SHOWN_AFTER_S)
        try:
            await self._ls.work_done_progress.create_async(token)
        except JsonRpcException:  # the editor said no
            return
        bar.show(token)

"""The editor's progress bar while the engine comes up."""

from __future__ import annotations

import asyncio
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

_TICK_S = 1.0
_SHOWN_AFTER_S = 0.3
"""Whatever is done sooner needs no bar."""


async def show_progress(ls: LanguageServer, title: str, done: asyncio.Event) -> None:
    """Shows a bar, with the seconds gone by, until `done` is set.

    Nothing is shown to an editor that has not said it can, or that refuses.
    """
    window = ls.client_capabilities.window
    if window is None or not window.work_done_progress:
        return
    if await _is_set_within(done, _SHOWN_AFTER_S):
        return
    token = str(uuid.uuid4())
    try:
        await ls.work_done_progress.create_async(token)
    except JsonRpcException:  # the editor said no
        return
    ls.work_done_progress.begin(token, types.WorkDoneProgressBegin(title=title, cancellable=False))
    try:
        await _tick(ls, token, done)
    finally:
        ls.work_done_progress.end(token, types.WorkDoneProgressEnd())
        ls.work_done_progress.tokens.pop(token, None)


async def _tick(ls: LanguageServer, token: str, done: asyncio.Event) -> None:
    start = time.monotonic()
    while not await _is_set_within(done, _TICK_S):
        seconds = time.monotonic() - start
        ls.work_done_progress.report(token, types.WorkDoneProgressReport(message=f"{seconds:.0f} s"))


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()

"""The language server on stdio: one per editor window, light, and gone when the editor is."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from glm_lsp import __version__
from glm_lsp.errors import GpuMemoryError
from glm_lsp.lsp import features
from glm_lsp.lsp.document import Documents
from glm_lsp.lsp.engine_link import Connect, connect_late
from glm_lsp.lsp.front import Front, Window
from glm_lsp.lsp.front_usage import FrontUsage
from glm_lsp.lsp.parent import watch_parent
from glm_lsp.lsp.progress import show_progress
from glm_lsp.lsp.status import STATUS
from glm_lsp.lsp.turns import Turns
from glm_lsp.lsp.wire import stdio
from glm_lsp.lsp.wire.framing import Fault, FrameDecoder
from glm_lsp.lsp.wire.message import PARSE_ERROR, Malformed
from glm_lsp.lsp.wire.protocol import StrictProtocol
from glm_lsp.lsp.work_done import WorkDone

logger = logging.getLogger(__name__)

_LAST_WORDS_S = 0.8
"""Seconds between deciding to leave and leaving, whatever still runs."""


class GlmLanguageServer(LanguageServer):
    """pygls's server with our protocol, documents and way of leaving. Make it on the event loop.

    Attributes:
        documents: what the editor has open.
        front: settings, engine and status.
        usage: what becomes of suggestions.
        turns: which suggestion for a document is being worked on.
        writing: likewise which documentation.
        work_done: bars for what somebody waits for.
    """

    protocol: StrictProtocol

    def __init__(self, connect: Connect, command_line: Mapping[str, object] | None = None) -> None:
        super().__init__(
            "glm-lsp",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=StrictProtocol,
        )
        self.documents = Documents()
        self.turns = Turns()
        self.writing = Turns()
        self.work_done = WorkDone(self)
        self.options: object = None
        window = Window(partial(self.protocol.notify, STATUS), self.show_message, self._show_progress)
        self.front = Front(window, connect, command_line)
        self.usage = FrontUsage(self._text_between, self.front.report_usage)
        self.front.status.usage = self.usage.figures
        self._left: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        features.register(self)

    async def run(self, source: int, sink: int) -> int:
        """Serves the editor behind two descriptors until it goes; returns the exit status."""
        writer = stdio.StdioWriter(sink, partial(_call_on, asyncio.get_running_loop(), self.leave, 1))
        self.protocol.set_writer(writer)
        asyncio.get_running_loop().set_exception_handler(_note_loop_error)
        pump = asyncio.create_task(self._pump(stdio.StdioReader(source)))
        status = await self._left
        pump.cancel()
        writer.close()
        await self.usage.close()
        await self.front.close()
        return status

    def leave(self, status: int) -> None:
        """Ends the process soon, and for certain."""
        if not self._left.done():
            self._left.set_result(status)
            last = threading.Timer(_LAST_WORDS_S, os._exit, [status])
            last.daemon = True
            last.start()

    def watch_editor(self, pid: int) -> None:
        """Leaves when the editor's process is gone."""
        watch_parent(pid, partial(_call_on, asyncio.get_running_loop(), self._editor_has_gone))

    def report_server_error(self, error: Exception, source: object) -> None:
        """pygls shows these to the person at the editor, who can do nothing about them."""
        logger.error("%s", error)

    async def _pump(self, reader: stdio.StdioReader) -> None:
        decoder = FrameDecoder()
        async for chunk in reader.chunks():
            decoder.feed(chunk)
            while (event := decoder.next_event()) is not None and not self._left.done():
                self._handle(event, decoder)
                # What this message started comes to its first await, and has its snapshot, before the next.
                await asyncio.sleep(0)
        self.leave(0)

    def _handle(self, event: bytes | Fault, decoder: FrameDecoder) -> None:
        if isinstance(event, bytes):
            decoder.unread(self.protocol.receive(event))
            return
        self.protocol.refuse(Malformed(PARSE_ERROR, event.reason))
        if event.fatal:
            logger.error("the editor's messages cannot be read any further: %s", event.reason)
            self.leave(1)

    def _editor_has_gone(self) -> None:
        logger.warning("the editor's process is gone")
        self.leave(1)

    def _text_between(self, uri: str, start: int, end: int) -> str:
        return self.documents.between(uri, start, end)  # those of the moment: the greeting brings others

    def show_message(self, message: str) -> None:
        """Tells the person at the editor something that begins with a code of ours."""
        works_on = message.startswith(("GLM-1", GpuMemoryError.code))
        kind = types.MessageType.Warning if works_on else types.MessageType.Error
        self.window_show_message(types.ShowMessageParams(kind, message))

    async def _show_progress(self, title: str, done: asyncio.Event) -> None:
        await show_progress(self, title, done)


def _call_on(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *args: object) -> None:
    """Has a function called on the loop, from any thread; too late is no error."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *args)


def _note_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # anyio does this when data comes in the very turn of the loop in which the wait for them is cancelled.
    if not isinstance(context.get("exception"), asyncio.InvalidStateError):
        loop.default_exception_handler(context)


def serve(command_line: Mapping[str, object] | None = None, connect: Connect = connect_late) -> int:
    """Speaks LSP on stdin and stdout until the editor leaves.

    Args:
        command_line: settings, by their camelCase names, that win over those of the editor.
        connect: makes the engine's client from the settings.

    Returns:
        The exit status: 0 after `shutdown` or at the end of stdin, else 1.
    """
    if sys.stdin.isatty():
        print("glm-lsp serve is started by an editor and speaks LSP on stdin and stdout.", file=sys.stderr)
    source, sink = stdio.take_over()
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    # At info it logs whole messages, and with them the source text.
    logging.getLogger("pygls").setLevel(logging.ERROR)

    async def run() -> int:
        return await GlmLanguageServer(connect, command_line).run(source, sink)

    status = asyncio.run(run())
    # The collector's last round would look at everything there is, for a quarter of a second on a slow machine.
    gc.freeze()
    return status

"""The two pipes to the editor.

The process's own descriptors 0 and 1 are taken away from everybody else at start-up: whatever prints lands on
stderr, and no child can hold the editor's pipes open. Each pipe has a daemon thread, so that neither a silent
nor a stalled editor ever blocks the event loop, and none has to be joined when the process leaves.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
from collections.abc import AsyncIterator, Callable

_CHUNK_BYTES = 256 * 1024
_MAX_CHUNKS_AHEAD = 8
_STDIN, _STDOUT, _STDERR = 0, 1, 2


def take_over() -> tuple[int, int]:
    """Moves the LSP stream to private descriptors.

    Returns:
        The descriptors to read the editor's messages from and to write ours to; children do not inherit them.
    """
    sys.stdout.flush()
    source, sink = os.dup(_STDIN), os.dup(_STDOUT)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, _STDIN)
    try:
        os.dup2(_STDERR, _STDOUT)
    except OSError:  # started without a stderr
        os.dup2(null, _STDOUT)
    os.close(null)
    _make_binary(source, sink)
    return source, sink


def _make_binary(*descriptors: int) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415

        for descriptor in descriptors:
            msvcrt.setmode(descriptor, os.O_BINARY)


class StdioReader:
    """Reads ahead a little; stops reading while the event loop is behind."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self._free = threading.Semaphore(_MAX_CHUNKS_AHEAD)
        self._loop = asyncio.get_running_loop()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Bytes as they come, until the editor closes its end."""
        threading.Thread(target=self._read, name="stdin", daemon=True).start()
        while chunk := await self._chunks.get():
            self._free.release()
            yield chunk

    def _read(self) -> None:
        chunk = b" "
        while chunk:
            self._free.acquire()
            try:
                chunk = os.read(self._descriptor, _CHUNK_BYTES)
            except OSError:
                chunk = b""
            try:
                self._loop.call_soon_threadsafe(self._chunks.put_nowait, chunk)
            except RuntimeError:  # the loop has closed: the process is leaving
                return


class StdioWriter:
    """Writes whole messages in order; `on_broken` is called once, in the writer's thread, if nobody reads them."""

    def __init__(self, descriptor: int, on_broken: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_broken = on_broken
        self._messages: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queues one message."""
        self._messages.put(data)

    def close(self) -> None:
        """Gives what is queued half a second to leave."""
        self._messages.put(None)
        self._thread.join(timeout=0.5)

    def _run(self) -> None:
        try:
            while (data := self._messages.get()) is not None:
                self._write_all(data)
        except OSError:
            self._on_broken()

    def _write_all(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]

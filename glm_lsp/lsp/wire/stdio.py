"""The two pipes to the editor.

The process's own descriptors 0 and 1 are taken away from everybody else at start-up: whatever prints lands on
stderr, and no child can hold the editor's pipes open.

Neither a silent nor a stalled editor ever blocks the event loop. Where the system can tell that a pipe has
something to read, or room to write, the loop does it itself: waking a thread takes a tenth of a millisecond, and
the interpreter from whoever works. The rest is done by daemon threads, which nobody has to join when the process
leaves. The descriptors stay in blocking mode, as that is shared with whoever else holds the pipe.
"""

from __future__ import annotations

import asyncio
import os
import queue
import select
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

_CHUNK_BYTES = 64 * 1024
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
    """Reads a chunk when the one before has been worked off, or reads ahead a little on a thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self._free = threading.Semaphore(_MAX_CHUNKS_AHEAD)
        self._loop = asyncio.get_running_loop()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Bytes as they come, until the editor closes its end."""
        is_readable = asyncio.Event()
        try:
            self._loop.add_reader(self._descriptor, is_readable.set)
        except (NotImplementedError, OSError):  # Windows; a file in the place of a pipe
            threading.Thread(target=self._read_ahead, name="stdin", daemon=True).start()
            while chunk := await self._chunks.get():
                self._free.release()
                yield chunk
            return
        try:
            while True:
                await is_readable.wait()
                if not (chunk := self._read()):
                    return
                yield chunk
                # What came meanwhile has set it again, and will do so as long as it lies there.
                is_readable.clear()
        finally:
            self._loop.remove_reader(self._descriptor)

    def _read_ahead(self) -> None:
        chunk = b" "
        while chunk:
            self._free.acquire()
            chunk = self._read()
            try:
                self._loop.call_soon_threadsafe(self._chunks.put_nowait, chunk)
            except RuntimeError:  # the loop has closed: the process is leaving
                return

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, _CHUNK_BYTES)
        except OSError:
            return b""


class StdioWriter:
    """Writes whole messages in order; `on_broken` is called once, in the writer's thread, if nobody reads them."""

    def __init__(self, descriptor: int, on_broken: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_broken = on_broken
        self._room = _poll_room(descriptor)
        self._messages: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        # Each is counted up by one thread only.
        self._num_queued = self._num_written = 0
        self._thread = threading.Thread(target=self._run, name="stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Writes one message at once if there is room for it, else queues it."""
        if self._num_queued == self._num_written and self._fits(data):
            with suppress(OSError):  # the thread will meet it, too, and tell
                data = data[os.write(self._descriptor, data) :]
            if not data:
                return
        self._num_queued += 1
        self._messages.put(data)

    def close(self) -> None:
        """Gives what is queued half a second to leave."""
        self._messages.put(None)
        self._thread.join(timeout=0.5)

    def _fits(self, data: bytes) -> bool:
        """Whether writing cannot block: as much as this always goes into a pipe that has room at all."""
        if self._room is None or len(data) > select.PIPE_BUF:
            return False
        return [event for _, event in self._room.poll(0)] == [select.POLLOUT]

    def _run(self) -> None:
        try:
            while (data := self._messages.get()) is not None:
                self._write_all(data)
                self._num_written += 1
        except OSError:
            self._on_broken()

    def _write_all(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]


def _poll_room(descriptor: int) -> select.poll | None:
    """What tells whether a descriptor has room; None where nothing can."""
    if not hasattr(select, "poll"):
        return None
    room = select.poll()
    room.register(descriptor, select.POLLOUT)
    return room

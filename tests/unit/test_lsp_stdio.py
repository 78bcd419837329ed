"""The pipes to the editor: on the loop where that cannot block, on threads where it could."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from glm_lsp.lsp.wire.stdio import StdioReader, StdioWriter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes cannot be polled there")


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    source, sink = os.pipe()
    yield source, sink
    for descriptor in (source, sink):
        try:
            os.close(descriptor)
        except OSError:
            continue


def names_of_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


async def test_a_pipe_is_read_on_the_loop_to_its_end(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    sent = bytes(range(256)) * 2000
    writing = threading.Thread(
        target=lambda: (os.write(sink, sent[:9]), os.write(sink, sent[9:]), os.close(sink))
    )
    before = names_of_threads()
    writing.start()
    came = b""
    async for chunk in StdioReader(source).chunks():
        assert "stdin" not in names_of_threads() - before
        came += chunk
        await asyncio.sleep(0)
    assert came == sent
    writing.join()


async def test_a_reader_that_is_behind_leaves_the_rest_in_the_pipe(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    os.write(sink, b"first")
    chunks = aiter(StdioReader(source).chunks())
    assert await anext(chunks) == b"first"
    os.write(sink, b"second")
    await asyncio.sleep(0.05)
    os.write(sink, b"third")
    assert await anext(chunks) == b"secondthird"
    await chunks.aclose()  # type: ignore[attr-defined]


async def test_a_file_is_read_as_well(tmp_path: Path) -> None:
    file = tmp_path / "messages"
    file.write_bytes(b"x" * 300_000)
    with file.open("rb") as source:
        came = [chunk async for chunk in StdioReader(source.fileno()).chunks()]
    assert b"".join(came) == b"x" * 300_000


async def test_a_reply_is_written_before_write_returns(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    writer = StdioWriter(sink, lambda: None)
    writer.write(b"reply")
    assert os.read(source, 100) == b"reply"
    writer.close()


async def test_a_stalled_editor_blocks_nobody_and_gets_everything_in_order(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    writer = StdioWriter(sink, lambda: None)
    messages = [b"%06d" % number + b"x" * (number % 9000) for number in range(200)]
    started = time.monotonic()
    for message in messages:
        writer.write(message)
    assert time.monotonic() - started < 1.0
    wanted, came = b"".join(messages), b""
    while len(came) < len(wanted):
        came += os.read(source, 65536)
        writer.write(b"")
    assert came == wanted
    # Once all is written, the next goes out at once again.
    await asyncio.sleep(0.1)
    writer.write(b"last")
    assert os.read(source, 100) == b"last"
    writer.close()


async def test_an_editor_that_is_gone_is_told_of_once(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    broken: list[int] = []
    writer = StdioWriter(sink, lambda: broken.append(1))
    os.close(source)
    for _ in range(3):
        writer.write(b"anybody?")
    writer.close()
    assert broken == [1]

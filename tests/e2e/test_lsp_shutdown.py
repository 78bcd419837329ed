"""Leaving: in good order, without a word, with the editor killed, and always soon."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import NEOVIM, ROOT, ReplyError, frame, serve_command

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_shutdown_then_exit(lab: Lab) -> None:
    """The process is gone within a second, with status 0; until then all requests are refused."""
    waits = []
    for _ in range(3):
        client = await lab.start()
        assert await client.request("shutdown") is None
        for method in ("glm/status", "shutdown", "initialize", "unheard/of"):
            with pytest.raises(ReplyError) as error:
                await client.request(method)
            assert error.value.code == -32600
        client.open("file:///a.py", "ignored")
        start = time.perf_counter()
        client.notify("exit", None)
        assert await client.exited() == 0
        waits.append(time.perf_counter() - start)
    print(f"gone {[round(1000 * wait) for wait in waits]} ms after exit")
    assert min(waits) < 1


async def test_exit_without_shutdown(lab: Lab) -> None:
    client = await lab.start()
    client.notify("exit", None)
    assert await client.exited() == 1


async def test_exit_before_anything(lab: Lab) -> None:
    client = await lab.spawn()
    client.notify("exit", None)
    assert await client.exited() == 1


async def test_requests_before_initialize(lab: Lab) -> None:
    client = await lab.spawn()
    for method in ("shutdown", "glm/status", "textDocument/inlineCompletion"):
        with pytest.raises(ReplyError) as error:
            await client.request(method, {})
        assert error.value.code == -32002


async def test_the_end_of_stdin(lab: Lab) -> None:
    client = await lab.start()
    assert client.process.stdin is not None
    client.process.stdin.close()
    assert await client.exited() == 0


async def test_mid_decode(own_lab: Lab) -> None:
    """The reply to `shutdown` takes at most 100 ms, behind the replies to all that still ran."""
    waits = []
    for _ in range(3):
        client = await own_lab.start()
        client.open("file:///a.py", "#slow\nx = 1")
        client.open("file:///b.py", "#hang\nx = 1")
        running = [client.ask("file:///a.py", 1, 5), client.ask("file:///b.py", 1, 5)]
        await asyncio.sleep(0.2)
        start = time.perf_counter()
        await client.request("shutdown")
        waits.append(time.perf_counter() - start)
        for answer in running:
            with pytest.raises(ReplyError) as error:
                await answer
            assert error.value.code == -32800
        client.notify("exit", None)
        assert await client.exited() == 0
    print(f"shutdown mid-decode: {[round(1000 * wait, 1) for wait in waits]} ms")
    assert statistics.median(waits) < 0.1


async def test_stdin_ends_mid_decode(lab: Lab) -> None:
    client = await lab.start()
    client.open("file:///a.py", "#slow\nx = 1")
    client.ask("file:///a.py", 1, 5)
    await asyncio.sleep(0.2)
    assert client.process.stdin is not None
    client.process.stdin.close()
    assert await client.exited(2) == 0


async def test_an_editor_that_stops_reading_does_not_stop_us(lab: Lab) -> None:
    """Its pipe is full, and yet the end of stdin is seen."""
    read_end, write_end = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *serve_command(), stdin=asyncio.subprocess.PIPE, stdout=write_end, stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT, env={**os.environ, **lab.env},
    )  # fmt: skip
    os.close(write_end)
    assert process.stdin is not None
    try:
        process.stdin.write(frame(b'{"jsonrpc":"2.0","id":"%b","method":"initialize"}' % (b"x" * 1000)) * 500)
        await asyncio.wait_for(process.stdin.drain(), 5)
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 5)
    finally:
        os.close(read_end)
        if process.returncode is None:
            process.kill()
            await process.wait()
        process._transport.close()  # type: ignore[attr-defined]


EDITOR = """
import json, os, subprocess, sys, time
pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
server = subprocess.Popen(json.loads(sys.argv[1]), stdin=pipe, stdout=pipe, stderr=nowhere)
params = {**json.loads(sys.argv[2]), "processId": os.getpid()}
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}).encode()
server.stdin.write(b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body)
server.stdin.flush()
server.stdout.readline()
holder = None
if sys.argv[3] == "held":
    # Somebody else keeps the editor's ends of both pipes open.
    fds = (server.stdin.fileno(), server.stdout.fileno())
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    holder = subprocess.Popen(command, pass_fds=fds, stdout=subprocess.DEVNULL)
print(server.pid, holder.pid if holder else 0, flush=True)
time.sleep(60)
"""


@asynccontextmanager
async def editor(lab: Lab, pipes: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, psutil.Process]]:
    """An editor that can be killed, and its server."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", EDITOR, json.dumps(serve_command()), json.dumps(NEOVIM), pipes,
        stdout=asyncio.subprocess.PIPE, cwd=ROOT, env={**os.environ, **lab.env},
    )  # fmt: skip
    assert process.stdout is not None
    server_pid, holder_pid = map(int, (await asyncio.wait_for(process.stdout.readline(), 20)).split())
    try:
        yield process, psutil.Process(server_pid)
    finally:
        for pid in (server_pid, holder_pid):
            if pid and psutil.pid_exists(pid):
                os.kill(pid, signal.SIGKILL)
        if process.returncode is None:
            process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined]


def is_running(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("pipes", ["closed", "held"])
async def test_the_editor_is_killed(lab: Lab, pipes: str) -> None:
    """Its server leaves within two seconds, even when the pipes are still open, and does not spin until then."""
    async with editor(lab, pipes) as (process, server):
        await asyncio.sleep(0.3)
        assert is_running(server)
        process.kill()
        await process.wait()
        start = time.perf_counter()
        while is_running(server):
            assert time.perf_counter() - start < 2
            await asyncio.sleep(0.02)
        print(f"gone {1000 * (time.perf_counter() - start):.0f} ms after its editor")


async def test_idle_servers_do_not_spin(lab: Lab) -> None:
    client = await lab.start()
    server = psutil.Process(client.process.pid)
    await asyncio.sleep(0.5)
    before = sum(server.cpu_times()[:2])
    await asyncio.sleep(2)
    assert sum(server.cpu_times()[:2]) - before < 0.1


async def test_a_process_id_that_is_gone_already(lab: Lab) -> None:
    gone = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await gone.wait()
    client = await lab.spawn()
    client.send("initialize", {**NEOVIM, "processId": gone.pid})
    assert await client.exited() == 1
    assert b"the editor's process is gone" in client.log


@pytest.mark.slow
async def test_the_editor_is_killed_many_times(own_lab: Lab) -> None:
    """50 times at random points; afterwards nothing is left but the engine, and soon not even that."""
    for number in range(50):
        async with editor(own_lab, "held" if number % 2 else "closed") as (process, server):
            await asyncio.sleep(number % 7 / 20)
            process.kill()
            await process.wait()
            start = time.perf_counter()
            while is_running(server):
                assert time.perf_counter() - start < 2
                await asyncio.sleep(0.02)

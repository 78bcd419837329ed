"""`python -m glm_lsp serve`, the command that editors run; the fake engine is at an address."""

from __future__ import annotations

import statistics
import sys
import time

import pytest

from glm_lsp.engine.address import TcpAddress
from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import NEOVIM, SERVE, LspClient, until
from tests.fakes.fake_engine import FakeEngine, FakeJob
from tests.fakes.fake_server import serve

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMMAND = [sys.executable, "-m", "glm_lsp", "serve"]
BARE = """
from pygls.lsp.server import LanguageServer
LanguageServer("bare", "1").start_io()
"""


async def test_from_greeting_to_exit(lab: Lab) -> None:
    engine = FakeEngine()

    def hung() -> list[FakeJob]:
        return [job for job in engine.jobs if "#hang" in job.request.prompt]

    with serve(engine, TcpAddress("127.0.0.1", 0)) as address:
        client = await LspClient.start([*COMMAND, "--stdio", "--engine-url", f"http://{address}"], lab.env)
        lab.clients.append(client)
        await client.initialize()
        assert (await client.ready())["model"] == "fake"
        client.open("file:///a.py", "x = 1")
        assert [item["insertText"] for item in await client.complete("file:///a.py", 0, 5)] == ["echo(x = 1)"]
        client.open("file:///b.py", "#hang\nx = 1")
        answer = client.ask("file:///b.py", 1, 5)
        await until(
            lambda: any("x = 1" in job.request.prompt and not job.request.glm.warm_up for job in hung())
        )
        assert await client.quit() == 0
        await until(answer.done)  # it may still be in the pipe when the process is gone
        await until(lambda: all(job.withdrawn.is_set() for job in hung()))


async def test_exit_without_shutdown(lab: Lab) -> None:
    client = await LspClient.start(COMMAND, lab.env)
    lab.clients.append(client)
    client.notify("exit", None)
    assert await client.exited() == 1


async def first_answer_s(command: list[str], env: dict[str, str]) -> float:
    """Seconds from the start of a process to its reply to `initialize`."""
    start = time.perf_counter()
    client = await LspClient.start(command, env)
    await client.request("initialize", {"processId": None, "rootUri": None, **NEOVIM}, timeout_s=60)
    elapsed = time.perf_counter() - start
    await client.dispose()
    return elapsed


async def test_starts_about_as_fast_as_a_bare_server(lab: Lab) -> None:
    """Interleaved, so that a busy machine slows all; medians of five."""
    commands = {
        "bare pygls": [sys.executable, "-c", BARE],
        "our server": [sys.executable, "-c", SERVE, "[]"],
        "glm-lsp serve": COMMAND,
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(5):
        for name, command in commands.items():
            times[name].append(await first_answer_s(command, lab.env))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(
            f"{name}: initialize after {median:.3f} s, {median / medians['bare pygls']:.2f} times a bare one"
        )
    assert medians["our server"] <= 1.6 * medians["bare pygls"]
    assert medians["glm-lsp serve"] <= 1.6 * medians["bare pygls"]

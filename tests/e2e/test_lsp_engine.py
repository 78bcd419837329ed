"""The engine comes late, fails, dies and is restarted; the server lives on and says so once."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import NEOVIM, LspClient, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
URI = "file:///a.py"
BROKEN_AT_FIRST = """
import pathlib, sys
from tests.fakes import fake_engine
if not pathlib.Path(sys.argv.pop(1)).exists():
    sys.argv += ["--broken", "model"]
sys.exit(fake_engine.main())
"""


def popups(client: LspClient) -> list[str]:
    return [params["message"] for method, params in client.notifications if method == "window/showMessage"]


def states(client: LspClient) -> list[str]:
    return [params["state"] for method, params in client.notifications if method == "glm/status"]


async def first_completion(client: LspClient, line: int = 0, character: int = 5) -> float:
    """Asks until there is a completion; the seconds that took. No single answer takes long or is an error."""
    start = time.perf_counter()
    async with asyncio.timeout(30):
        while True:
            asked = time.perf_counter()
            items = await client.complete(URI, line, character)
            if items:
                return time.perf_counter() - start
            assert time.perf_counter() - asked < 2
            await asyncio.sleep(0.02)


async def test_what_is_asked_while_the_engine_loads_is_answered_when_it_is_there(own_lab: Lab) -> None:
    client = await own_lab.spawn("--load-s", "1.5")
    await client.initialize()
    client.open(URI, "x = 1")
    asked = [asyncio.ensure_future(client.complete(URI, 0, 5)) for _ in range(3)]
    assert (await client.request("glm/status"))["state"] == "starting"
    assert await asked[0] == await asked[1] == []  # the newest wins, at once
    assert not asked[2].done()
    assert len(await asked[2]) == 1
    assert (await client.request("glm/status"))["state"] == "ready"


async def test_nobody_waits_long_for_an_engine(own_lab: Lab) -> None:
    client = await own_lab.spawn("--load-s", "30")
    await client.initialize()
    client.open(URI, "x = 1")
    start = time.perf_counter()
    assert await client.complete(URI, 0, 5) == []
    assert 3 < time.perf_counter() - start < 15
    assert (await client.request("glm/status"))["state"] == "starting"


async def test_loading_shows_progress_until_it_is_done(own_lab: Lab) -> None:
    client = await own_lab.spawn("--load-s", "3")
    await client.initialize()
    await client.ready()
    await client.pong()
    assert client.server_requests == ["window/workDoneProgress/create"]
    bar = [params for method, params in client.notifications if method == "$/progress"]
    assert len({params["token"] for params in bar}) == 1
    kinds = [params["value"]["kind"] for params in bar]
    assert kinds[0] == "begin"
    assert kinds[-1] == "end"
    assert kinds[1:-1] == ["report"] * (len(kinds) - 2)
    # A tick at least every two seconds, of some three to four that starting takes.
    assert len(kinds) >= 4


async def test_progress_is_only_shown_where_it_can_be(own_lab: Lab) -> None:
    capabilities = {key: value for key, value in NEOVIM["capabilities"].items() if key != "window"}
    client = await own_lab.start("--load-s", "1", editor={"capabilities": capabilities})
    assert client.server_requests == []
    assert not [method for method, _ in client.notifications if method == "$/progress"]


async def test_killed_mid_stream(own_lab: Lab) -> None:
    """The open request is answered with nothing, and completions are back within two seconds, without a popup."""
    client = await own_lab.start()
    client.open(URI, "x = 1\n#die\ny = 2")
    assert await client.complete(URI, 2, 5) == []
    client.change(URI, 2, {"text": "x = 1"})
    waited = await first_completion(client)
    print(f"a completion {waited:.2f} s after the engine was killed")
    assert waited < 2 * slowness(own_lab)
    assert popups(client) == []
    assert "starting" in states(client)[states(client).index("ready") :]
    assert len(own_lab.record("started")) == 2


def slowness(lab: Lab) -> float:
    """A busy machine starts processes more slowly; two seconds are meant for an idle one."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)) * 1.5


async def test_killed_while_idle(own_lab: Lab) -> None:
    client = await own_lab.start()
    client.open(URI, "x = 1")
    (engine,) = own_lab.record("started")
    os.kill(int(engine["pid"]), signal.SIGKILL)
    assert await first_completion(client) < 3 * slowness(own_lab)


async def test_an_engine_that_cannot_start_is_told_of_once(own_lab: Lab) -> None:
    client = await own_lab.spawn("--broken", "model")
    await client.initialize()
    client.open(URI, "x = 1")
    await client.wait_for(lambda: "error" in states(client), 20)
    for _ in range(3):
        assert await client.complete(URI, 0, 5) == []
    (popup,) = popups(client)
    assert popup.startswith("GLM-203: ")
    assert "weights.bin" in popup
    status = await client.request("glm/status")
    assert status["state"] == "error"
    assert status["message"] == popup


async def test_an_engine_that_refuses_is_told_of_once_and_forgiven(own_lab: Lab) -> None:
    client = await own_lab.start()
    client.open(URI, "#fail\nx = 1")
    for column in range(5, 2, -1):
        assert await client.complete(URI, 1, column) == []
    (popup,) = popups(client)
    assert popup.startswith("GLM-305: ")
    assert (await client.request("glm/status"))["state"] == "error"
    client.change(URI, 2, {"text": "x = 1"})
    assert len(await client.complete(URI, 0, 5)) == 1
    assert (await client.request("glm/status"))["state"] == "ready"


async def test_an_error_in_the_midst_of_a_stream(own_lab: Lab) -> None:
    client = await own_lab.start()
    client.open(URI, "#late\nx = 1")
    assert await client.complete(URI, 1, 5) == []
    assert [popup[:7] for popup in popups(client)] == ["GLM-305"]


async def test_restart_by_command(own_lab: Lab) -> None:
    client = await own_lab.start()
    client.open(URI, "x = 1")
    assert await client.request("workspace/executeCommand", {"command": "glm.restartEngine"}) is None
    await until(lambda: len(own_lab.record("started")) == 2, 20)
    await first_completion(client)
    # Editors add arguments of their own.
    command = {"command": "glm.restartEngine", "arguments": [{"uri": URI}, 5]}
    assert await client.request("workspace/executeCommand", command) is None
    await until(lambda: len(own_lab.record("started")) == 3, 20)
    await first_completion(client)
    assert popups(client) == []


async def test_restart_by_command_after_a_failure(own_lab: Lab) -> None:
    flag = own_lab.home / "mended"
    client = await own_lab.spawn(engine=["-c", BROKEN_AT_FIRST, str(flag)])
    await client.initialize()
    client.open(URI, "x = 1")
    await client.wait_for(lambda: "error" in states(client), 20)
    flag.touch()
    assert await client.request("workspace/executeCommand", {"command": "glm.restartEngine"}) is None
    await first_completion(client)
    assert [popup[:7] for popup in popups(client)] == ["GLM-203"]


async def test_two_windows_share_one_engine(own_lab: Lab) -> None:
    one, other = await own_lab.start(), await own_lab.start()
    for client in (one, other):
        client.open(URI, "x = 1")
        assert len(await client.complete(URI, 0, 5)) == 1
    assert len(own_lab.record("started")) == 1
    assert await one.quit() == 0
    other.change(URI, 2, {"text": "y = 1"})
    assert len(await other.complete(URI, 0, 5)) == 1


async def test_an_engine_elsewhere(own_lab: Lab) -> None:
    """Nobody there, then somebody: told once, and served."""
    client = await own_lab.spawn()
    await client.initialize(initializationOptions={"engineUrl": "http://127.0.0.1:9"})
    client.open(URI, "x = 1")
    await client.wait_for(lambda: "error" in states(client), 20)
    assert await client.complete(URI, 0, 5) == []
    (popup,) = popups(client)
    assert popup.startswith("GLM-4")
    client.notify("workspace/didChangeConfiguration", {"settings": {"glm": {"engineUrl": None}}})
    await first_completion(client)

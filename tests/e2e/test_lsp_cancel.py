"""`$/cancelRequest`: answered at once, exactly once, and the engine stops."""

from __future__ import annotations

import asyncio
import statistics
import time

import pytest

from tests.e2e.conftest import Lab
from tests.e2e.lsp_client import NEOVIM, VSCODE, LspClient, ReplyError, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def cancelled(future: asyncio.Future[object]) -> ReplyError:
    with pytest.raises(ReplyError) as error:
        await asyncio.wait_for(future, 5)
    return error.value


@pytest.mark.parametrize("word", ["#slow", "#hang"])
@pytest.mark.parametrize("editor", [NEOVIM, VSCODE], ids=["neovim", "vscode"])
async def test_mid_decode(lab: Lab, editor: dict[str, object], word: str) -> None:
    """The reply is there within 0.3 s, and the engine sees the stream close when nobody asks the same again."""
    client = await lab.start(editor=editor)
    client.open("file:///a.py", f"{word}\nx = 1")
    waits = []
    num_before = len(lab.record("cancelled"))
    for _ in range(6):
        answer = client.ask("file:///a.py", 1, 5)
        await asyncio.sleep(0.2)
        start = time.perf_counter()
        client.cancel(answer)
        assert (await cancelled(answer)).code == -32800
        waits.append(time.perf_counter() - start)
        await asyncio.sleep(0.2)  # asked again sooner, the same question would be joined
    # On a busy machine a cancel may overtake its request on the way to the engine.
    await until(lambda: len(lab.record("cancelled")) >= num_before + 3)
    assert statistics.median(waits) < 0.3
    print(f"cancelled reply after {1000 * statistics.median(waits):.1f} ms")
    assert client.num_replies[answer.id] == 1  # type: ignore[attr-defined]


async def test_the_next_request_is_served_after_a_cancel(neovim: LspClient) -> None:
    neovim.open("file:///next.py", "#hang\n")
    answer = neovim.ask("file:///next.py", 1, 0)
    await asyncio.sleep(0.05)
    neovim.cancel(answer)
    await cancelled(answer)
    neovim.change("file:///next.py", 2, {"text": "x = 1"})
    assert [item["insertText"] for item in await neovim.complete("file:///next.py", 0, 5)] == ["echo(x = 1)"]


async def test_twice_late_and_for_nothing(neovim: LspClient) -> None:
    neovim.open("file:///twice.py", "#hang\n")
    answer = neovim.ask("file:///twice.py", 1, 0)
    for _ in range(3):
        neovim.cancel(answer)
    assert (await cancelled(answer)).code == -32800
    neovim.cancel(answer)
    for params in (
        {"id": 99999},
        {"id": "x"},
        {"id": None},
        {"id": [1]},
        {"id": {}},
        {"id": True},
        {},
        [],
        None,
        "id",
    ):
        neovim.post({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": params})
    await neovim.pong()
    assert neovim.num_replies[answer.id] == 1  # type: ignore[attr-defined]


@pytest.mark.slow
async def test_a_storm(own_lab: Lab) -> None:
    """200 requests a second for 20 s, cancelled after 0 to 30 ms."""
    client = await own_lab.start("--delay-ms", "4")
    client.open("file:///a.py", "x = 1")
    answers, waits = [], []
    for number in range(4000):
        client.change("file:///a.py", number + 2, {"text": f"x = {number}"})
        answer = client.ask("file:///a.py", 0, 20)
        asyncio.get_running_loop().call_later(number % 31 / 1000, client.cancel, answer)
        sent = time.perf_counter()
        answer.add_done_callback(lambda _, sent=sent: waits.append(time.perf_counter() - sent))
        answers.append(answer)
        await asyncio.sleep(0.005)
    await asyncio.wait(answers, timeout=10)
    assert all(answer.done() for answer in answers)
    print(f"storm: reply p99 {1000 * statistics.quantiles(waits, n=100)[98]:.1f} ms after the request")
    client.change("file:///a.py", 9999, {"text": "last = 1"})
    assert [item["insertText"] for item in await client.complete("file:///a.py", 0, 8)] == ["echo(last = 1)"]


async def test_other_messages_do_not_wait_for_a_completion(neovim: LspClient) -> None:
    """Nothing blocks the event loop, so other requests are answered at once while the engine works."""
    answers = []
    for number in range(4):
        uri = f"file:///busy{number}.py"
        neovim.open(uri, "#hang\nx = 1")
        answers.append(neovim.ask(uri, 1, 5))
    waits = []
    for _ in range(20):
        start = time.perf_counter()
        await neovim.pong()
        waits.append(time.perf_counter() - start)
        await asyncio.sleep(0.01)
    assert statistics.median(waits) < 0.02
    assert not any(answer.done() for answer in answers)
    for answer in answers:
        neovim.cancel(answer)
        assert (await cancelled(answer)).code == -32800

"""Requests under way: who is told of their end, whatever it is."""

from __future__ import annotations

import asyncio

import pytest

from glm_lsp.completion.cache import Question
from glm_lsp.completion.running import Run, Runs
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.engine.wire import CompletionRequest
from glm_lsp.errors import EngineError
from tests.fakes.scripted_client import Script, ScriptedClient

URI = "file:///a.py"
SNAPSHOT = DocumentSnapshot(uri=URI, path="a.py", language_id="python", version=1, text="x = ", offset=4)


def question(prefix: str = "x = ", uri: str = URI) -> Question:
    return Question.of(uri, "\n", CompletionRequest(prompt=prefix))


def run(client: ScriptedClient, answers: list[Run] | None = None, *, is_idle: bool = False) -> Run:
    asked = question()
    on_answer = (answers if answers is not None else []).append
    return Run(
        asked, SNAPSHOT, lambda: client.complete(CompletionRequest(prompt="x = ")), on_answer, is_idle=is_idle
    )


async def test_one_that_ends_before_its_first_step_is_told_of() -> None:
    client, answers = ScriptedClient.saying("one"), list[Run]()
    given_up = run(client, answers)
    given_up.cancel()
    async with asyncio.timeout(5):
        assert not await given_up.wait(question())
    assert (client.requests, answers) == ([], [])


async def test_all_who_wait_get_the_answer_and_the_error() -> None:
    first = run(ScriptedClient.saying("one"))
    assert await asyncio.gather(*(first.wait(question()) for _ in range(3))) == [True] * 3
    assert [one.text for one in first.answer.choices] == ["one"]
    failing = run(ScriptedClient([Script([["o"]], error=EngineError("no"))]))
    found = await asyncio.gather(*(failing.wait(question()) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [EngineError] * 3


async def test_an_error_that_nobody_waits_for_is_nobodys_trouble() -> None:
    failing = run(ScriptedClient([Script([["o"]], error=EngineError("no"))]))
    while not failing.is_done:
        await asyncio.sleep(0)
    with pytest.raises(EngineError):
        await failing.wait(question())


async def test_what_was_prepared_makes_way_or_is_taken_over() -> None:
    gate = asyncio.Event()
    client = ScriptedClient([Script([["one"]], gate=gate)])
    runs = Runs()
    idle = run(client, is_idle=True)
    runs.add(idle)
    await client.started.wait()
    assert runs.take(question()) is idle
    assert not idle.is_idle, "somebody waits for it now"
    assert runs.take(question(uri="file:///b.py")) is None
    await asyncio.sleep(0)
    assert not idle.is_done, "another document's person is no reason"
    prepared = run(client, is_idle=True)
    runs.add(prepared)
    assert runs.take(question("y = ", uri="file:///b.py")) is None
    async with asyncio.timeout(5):
        assert not await prepared.wait(question())

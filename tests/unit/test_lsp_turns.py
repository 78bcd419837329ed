"""Newest wins."""

from __future__ import annotations

import asyncio

import pytest

from glm_lsp.lsp.turns import Turns


class Worker:
    """Works on documents and writes down how each piece of work ended."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.story: list[str] = []

    async def work(self, name: str, uri: str = "a") -> str:
        is_done = False
        with self.turns.newest(uri):
            self.story.append(f"{name} begins")
            try:
                await asyncio.sleep(0.05)
                is_done = True
            finally:
                self.story.append(f"{name} ends")
        return "done" if is_done else "superseded"

    def start(self, name: str, uri: str = "a") -> asyncio.Task[str]:
        return asyncio.create_task(self.work(name, uri))


async def test_only_the_newest_is_worked_on() -> None:
    worker = Worker()
    tasks = []
    for name in ("one", "two", "three"):
        tasks.append(worker.start(name))
        await asyncio.sleep(0.001)
    assert await asyncio.gather(*tasks) == ["superseded", "superseded", "done"]
    assert worker.turns._turns == {}


async def test_the_newer_begins_before_the_older_is_ended() -> None:
    """So that it can take over what the older has begun."""
    worker = Worker()
    tasks = [worker.start("one")]
    await asyncio.sleep(0.001)
    tasks.append(worker.start("two"))
    await asyncio.gather(*tasks)
    assert worker.story == ["one begins", "two begins", "one ends", "two ends"]


async def test_documents_do_not_disturb_each_other() -> None:
    worker = Worker()
    tasks = [worker.start("one", "a"), worker.start("two", "b")]
    assert await asyncio.gather(*tasks) == ["done", "done"]


async def test_a_cancel_from_outside_stays_a_cancel() -> None:
    worker = Worker()
    task = worker.start("one")
    await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert worker.turns._turns == {}


async def test_after_an_error_the_place_is_free() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="bug"), turns.newest("a"):
        raise ValueError("bug")
    assert turns._turns == {}


async def test_a_superseded_task_can_go_on() -> None:
    """Its cancellation is taken back, so that later awaits work."""
    turns = Turns()

    async def older() -> str:
        with turns.newest("a"):
            await asyncio.sleep(1)
        await asyncio.sleep(0.01)
        return "went on"

    task = asyncio.create_task(older())
    await asyncio.sleep(0.001)
    with turns.newest("a"):
        await asyncio.sleep(0.001)
    assert await task == "went on"


async def test_a_turn_can_be_ended_from_outside() -> None:
    worker = Worker()
    task = worker.start("one")
    await asyncio.sleep(0.001)
    worker.turns.end("a")
    worker.turns.end("a")
    assert await task == "superseded"
    assert worker.turns._turns == {}

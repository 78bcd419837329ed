"""Events from the engine's thread to the loop: few wake-ups, nothing lost, nothing late."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from glm_lsp.engine.http.asgi import ClientGoneError
from glm_lsp.engine.http.job_events import BATCH_S, EventQueue
from glm_lsp.engine.wire import Choice, CompletionChunk, PromptTokensDetails, Usage
from glm_lsp.errors import EngineError, GlmError

USAGE = Usage(
    prompt_tokens=1, completion_tokens=1, total_tokens=2, prompt_tokens_details=PromptTokensDetails(0)
)


def piece(text: str) -> CompletionChunk:
    return CompletionChunk(id="x", created=1, model="m", choices=[Choice(index=0, text=text)])


def ending() -> CompletionChunk:
    return CompletionChunk(id="x", created=1, model="m", choices=[], usage=USAGE)


def texts(events: list[CompletionChunk | GlmError]) -> list[str]:
    return [choice.text for event in events if isinstance(event, CompletionChunk) for choice in event.choices]


def on_thread(produce: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=produce)
    thread.start()
    return thread


async def test_the_first_event_comes_alone_and_what_follows_closely_in_one_batch() -> None:
    events = EventQueue()
    go_on = threading.Event()

    def produce() -> None:
        events.put(piece("a"))
        go_on.wait()
        for text in "bcd":
            events.put(piece(text))
        events.put(ending())

    thread = on_thread(produce)
    assert texts(await events.take()) == ["a"]
    go_on.set()
    assert texts(await events.take()) == ["b", "c", "d"]
    assert events.ending is not None
    await asyncio.to_thread(thread.join)


async def test_slow_events_are_not_held_back() -> None:
    events = EventQueue()
    sent: list[float] = []

    def produce() -> None:
        for text in "abc":
            sent.append(time.monotonic())
            events.put(piece(text))
            time.sleep(4 * BATCH_S)
        events.put(ending())

    thread = on_thread(produce)
    for expected in "abc":
        assert texts(await events.take()) == [expected]
    await events.take()
    assert events.ending is not None
    await asyncio.to_thread(thread.join)


async def test_an_event_without_a_successor_waits_no_longer_than_the_timeout() -> None:
    events = EventQueue()
    events.put(piece("a"))
    assert texts(await events.take()) == ["a"]
    events.put(piece("b"))
    started = time.monotonic()
    assert texts(await events.take(0.05)) == ["b"]
    assert time.monotonic() - started < 1.0
    assert await events.take(0.01) == []


async def test_a_whole_answer_wakes_its_consumer_once() -> None:
    events = EventQueue(whole=True)
    for text in "ab":
        events.put(piece(text))
        await asyncio.sleep(2 * BATCH_S)
    taking = asyncio.create_task(events.take_all())
    await asyncio.sleep(2 * BATCH_S)
    assert not taking.done()
    events.put(ending())
    assert texts(await taking) == ["a", "b"]


async def test_an_error_is_an_ending_and_comes_at_once() -> None:
    events = EventQueue()
    events.put(piece("a"))
    await events.take()
    events.put(piece("b"))
    error = EngineError("no")
    events.put(error)
    assert texts(await events.take()) == ["b"]
    assert events.ending is error


async def test_nothing_is_lost_between_two_busy_threads() -> None:
    events = EventQueue()
    count = 20_000

    def produce() -> None:
        for number in range(count):
            events.put(piece(str(number)))
        events.put(ending())

    thread = on_thread(produce)
    assert texts(await events.take_all()) == [str(number) for number in range(count)]
    await asyncio.to_thread(thread.join)


@pytest.mark.parametrize("waiting", [True, False])
async def test_an_abandoned_queue_lets_its_consumer_go(waiting: bool) -> None:
    events = EventQueue()
    if waiting:
        asyncio.get_running_loop().call_later(0.01, events.abandon)
    else:
        events.abandon()
    with pytest.raises(ClientGoneError):
        await events.take_all()


def test_events_after_the_loops_end_are_nobodys_trouble() -> None:
    async def make() -> EventQueue:
        return EventQueue()

    events = asyncio.run(make())
    events.put(ending())

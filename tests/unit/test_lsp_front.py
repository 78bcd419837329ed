"""One editor window without its editor: settings, engine, status and what people are told, on a scripted engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.config import Settings
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.wire import Choice, CompletionChunk, CompletionRequest, FinishReason
from glm_lsp.errors import ContextOverflowError, EngineLostError, EngineStartError, GlmError
from glm_lsp.lsp.engine_link import OnState
from glm_lsp.lsp.front import Front, Window


class Engine:
    """An `EngineClient` that does what the test says."""

    def __init__(self, settings: Settings, on_state: OnState) -> None:
        self.settings = settings
        self.on_state = on_state
        self.asked: list[CompletionRequest] = []
        self.description_errors: list[GlmError] = []
        self.error: Exception | None = None
        self.delay_s = 0.0
        self.finish_reason: FinishReason = "stop"
        self.is_closed = False
        self.num_cancelled = 0

    async def describe(self) -> EngineDescription:
        if self.description_errors:
            raise self.description_errors.pop(0)
        return EngineDescription(model="scripted", context_length=2048)

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[CompletionChunk, None]:
        self.asked.append(request)
        try:
            await asyncio.sleep(self.delay_s)
        except asyncio.CancelledError:
            self.num_cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        choice = Choice(index=0, text="answer(1)", finish_reason=self.finish_reason)
        yield CompletionChunk(id="1", created=0, model="scripted", choices=[choice])

    async def close(self) -> None:
        self.is_closed = True


class Room:
    """A front and everything that came out of it."""

    def __init__(self, command_line: dict[str, object] | None = None) -> None:
        self.engines: list[Engine] = []
        self.statuses: list[dict[str, Any]] = []
        self.messages: list[str] = []
        self.description_errors: list[GlmError] = []
        self.front = Front(
            Window(self.statuses.append, self.messages.append, self.progress), self.connect, command_line
        )

    def connect(self, settings: Settings, on_state: OnState) -> Engine:
        engine = Engine(settings, on_state)
        engine.description_errors = self.description_errors
        self.engines.append(engine)
        return engine

    async def progress(self, title: str, done: asyncio.Event) -> None:
        await done.wait()

    async def state(self, state: str) -> None:
        await self.until(lambda: self.statuses and self.statuses[-1]["state"] == state)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.005)

    async def suggest(self, text: str = "x = ", candidates: int = 1, language: str = "python") -> list[str]:
        snapshot = DocumentSnapshot(
            uri="file:///a.py", path="a.py", language_id=language, version=1, text=text, offset=len(text)
        )
        outcome = await self.front.suggest(snapshot, candidates)
        return [] if outcome is None else [suggestion.text for suggestion in outcome.suggestions]


@pytest.fixture
async def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    monkeypatch.setenv("GLM_LSP_HOME", str(tmp_path))
    room = Room()
    yield room
    await room.front.close()


async def test_before_it_is_configured_there_is_nothing(room: Room) -> None:
    assert await room.suggest() == []
    assert room.engines == []


async def test_from_start_to_suggestion(room: Room) -> None:
    await room.front.configure({})
    await room.state("ready")
    assert room.statuses[0]["state"] == "starting"
    assert room.statuses[-1]["model"] == "scripted"
    assert await room.suggest() == ["answer(1)"]
    assert room.messages == []


async def test_what_is_to_be_known_of_where_it_runs_is_told_once_and_it_works(room: Room) -> None:
    await room.front.configure({})
    await room.state("ready")
    for _ in range(2):
        room.engines[0].on_state("ready", "GLM-306: the model runs on the CPU, which is slow")
    assert room.messages == ["GLM-306: the model runs on the CPU, which is slow"]
    assert await room.suggest() == ["answer(1)"]


async def test_while_a_suggestion_is_looked_at_the_next_one_is_prepared(room: Room) -> None:
    await room.front.configure({})
    await room.state("ready")
    (engine,) = room.engines
    engine.finish_reason = "length"
    assert await room.suggest("x = ", language="text") == ["answer(1)"]
    assert len(engine.asked) == 1
    await room.until(lambda: len(engine.asked) == 2)
    assert engine.asked[1].prompt == "x = answer(1)"
    await room.until(lambda: all(task.done() for task in room.front._idle_work._running))
    assert await room.suggest("x = answer(1)", language="text") == ["answer(1)"]
    assert len(engine.asked) == 2


async def test_a_new_request_stops_preparing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    await room.front.configure({})
    await room.state("ready")
    (engine,) = room.engines
    engine.finish_reason = "length"
    await room.suggest("x = ")
    engine.delay_s = 30
    await room.until(lambda: len(engine.asked) == 2)
    engine.delay_s = 0
    monkeypatch.setattr("glm_lsp.lsp.idle_work.LOOK_AHEAD_AFTER_S", 5.0)
    await room.suggest("y = ")
    await room.until(lambda: engine.num_cancelled == 1)
    # Who types on does not look: nothing is prepared between two keys.
    for number in range(5):
        await room.suggest(f"z = {number}")
    assert len(engine.asked) == 8


async def test_a_shared_server_is_not_asked_in_advance(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glm_lsp.lsp.idle_work.LOOK_AHEAD_AFTER_S", 0.0)
    await room.front.configure({"engineUrl": "http://127.0.0.1:1234"})
    await room.state("ready")
    await room.suggest("x = ")
    await asyncio.sleep(0.05)
    assert len(room.engines[0].asked) == 1


async def test_the_command_line_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLM_LSP_HOME", str(tmp_path))
    room = Room({"model": "mine"})
    await room.front.configure({"model": "theirs"})
    await room.state("ready")
    assert room.engines[0].settings.model == "mine"
    await room.front.close()


@pytest.mark.parametrize(
    ("options", "is_new_engine"),
    [
        ({"disabledIn": ["c"]}, False),
        ({"suggest": "eager"}, False),
        ({"docstringStyle": "numpy"}, False),
        ({"logLevel": "error"}, False),
        ({"model": "other"}, True),
        ({"threads": 3}, True),
        ({"engineUrl": "http://127.0.0.1:1234"}, True),
        ({"debounceMs": 9}, False),
    ],
)
async def test_only_some_settings_need_another_link(
    room: Room, options: dict[str, Any], is_new_engine: bool
) -> None:
    await room.front.configure({})
    await room.state("ready")
    await room.front.configure(options)
    await room.state("ready")
    await room.until(lambda: len(room.engines) == 1 + is_new_engine)
    assert room.engines[0].is_closed is is_new_engine
    assert len(room.engines) == 1 + is_new_engine


async def test_settings_that_change_in_a_hurry_end_with_one_link_to_the_last(room: Room) -> None:
    await asyncio.gather(*(room.front.configure({"model": f"m{number}"}) for number in range(5)))
    await room.until(lambda: room.engines and room.engines[-1].settings.model == "m4")
    await room.state("ready")
    assert [engine.is_closed for engine in room.engines] == [True] * (len(room.engines) - 1) + [False]


async def test_a_lost_local_engine_is_no_matter_for_a_popup(room: Room) -> None:
    await room.front.configure({})
    await room.state("ready")
    room.engines[0].error = EngineLostError("it is gone")
    assert await room.suggest() == []
    room.engines[0].on_state("lost", "it is gone")
    assert room.statuses[-1]["state"] == "starting"
    assert await room.suggest("y = ") == []
    room.engines[0].error = None
    room.engines[0].on_state("ready", "")
    assert await room.suggest("z = ") == ["answer(1)"]
    assert room.messages == []


async def test_a_lost_engine_elsewhere_is(room: Room) -> None:
    await room.front.configure({"engineUrl": "http://127.0.0.1:1234"})
    await room.state("ready")
    room.engines[0].error = EngineLostError("the network is down")
    assert await room.suggest() == []
    assert [message[:7] for message in room.messages] == ["GLM-403"]
    assert room.statuses[-1]["state"] == "error"
    room.engines[0].error = None
    assert await room.suggest("y = ") == ["answer(1)"]
    assert room.statuses[-1]["state"] == "ready"


async def test_an_engine_elsewhere_is_asked_until_it_answers(room: Room) -> None:
    room.description_errors = [EngineLostError("nobody there"), EngineLostError("nobody there")]
    await room.front.configure({"engineUrl": "http://127.0.0.1:1234"})
    await room.state("error")
    await room.state("ready")
    assert len(room.messages) == 1


async def test_a_local_engine_that_is_lost_while_it_introduces_itself_is_asked_again(room: Room) -> None:
    room.description_errors = [EngineLostError("gone again")]
    await room.front.configure({})
    await room.state("ready")
    assert room.messages == []


async def test_a_local_engine_that_cannot_start_is_told_of_once_and_restarted_by_hand(room: Room) -> None:
    room.description_errors = [EngineStartError("no luck"), EngineStartError("no luck")]
    await room.front.configure({})
    await room.state("error")
    await room.front.reload()
    assert [message[:7] for message in room.messages] == ["GLM-401"]
    await room.front.restart()
    await room.until(lambda: len(room.messages) == 2)
    await room.front.restart()
    await room.state("ready")


@pytest.mark.parametrize(
    "error", [ContextOverflowError("too long"), ValueError("a bug of ours, /with/a/path")]
)
async def test_errors_are_told_once_and_leave_an_empty_answer(
    room: Room, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    await room.front.configure({})
    await room.state("ready")
    room.engines[0].error = error
    assert [await room.suggest(text) for text in ("x = ", "y = ", "z = ")] == [[], [], []]
    assert len(room.messages) == 1
    assert "/with/a/path" not in room.messages[0]
    assert ("/with/a/path" in caplog.text) is isinstance(error, ValueError)


async def test_a_supervisor_that_gives_up_says_so_once(room: Room) -> None:
    await room.front.configure({})
    await room.state("ready")
    for _ in range(2):
        room.engines[0].on_state("failed", "GLM-401: it died 5 times. Look into its log.")
    assert room.messages == ["GLM-401: it died 5 times. Look into its log."]
    assert room.statuses[-1]["state"] == "error"


async def test_what_cannot_be_connected_is_told(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(settings: Settings, on_state: OnState) -> Engine:
        raise ValueError("odd")

    monkeypatch.setattr(room.front._link, "_connect", refuse)
    await room.front.configure({})
    await room.state("error")
    assert [message[:7] for message in room.messages] == ["GLM-000"]


async def test_warming_waits_for_the_engine_and_makes_way_for_people(room: Room) -> None:
    text = "import os\n"
    snapshot = DocumentSnapshot(
        uri="file:///w.py", path="w.py", language_id="python", version=1, text=text, offset=10
    )
    room.front.warm(lambda: snapshot)
    await room.front.configure({})
    await room.state("ready")
    await room.until(lambda: room.engines[0].asked)
    assert room.engines[0].asked[0].glm.warm_up
    room.engines[0].delay_s = 30
    room.front.warm(lambda: snapshot)
    await asyncio.sleep(0.02)
    room.engines[0].delay_s = 0
    assert await room.suggest() == ["answer(1)"]
    assert room.engines[0].num_cancelled == 1
    room.front.warm(lambda: None)
    await asyncio.sleep(0.02)
    assert len(room.engines[0].asked) == 3


async def test_the_wait_for_the_next_key_is_not_for_those_who_ask_by_hand(room: Room) -> None:
    await room.front.configure({"debounceMs": 2000})
    await room.state("ready")
    room.engines[0].delay_s = 0.4  # an answer takes longer than a key, or there is nothing to wait for
    async with asyncio.timeout(1.5):
        assert await room.suggest("by_hand = ", candidates=3) == ["answer(1)"]
    task = asyncio.create_task(room.suggest("typing = "))
    await asyncio.sleep(0.1)
    assert len(room.engines[0].asked) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_cancelling_reaches_the_engine(room: Room) -> None:
    await room.front.configure({})
    await room.state("ready")
    room.engines[0].delay_s = 30
    task = asyncio.create_task(room.suggest())
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # Not at once: the next key may want the same.
    await room.until(lambda: room.engines[0].num_cancelled == 1)


async def test_closing_lets_go_of_the_engine(room: Room) -> None:
    await room.front.configure({})
    await room.state("ready")
    await room.front.close()
    assert room.engines[0].is_closed
    assert await room.suggest() == []

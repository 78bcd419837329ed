"""`bench load`: what becomes of every request when several editors type on one engine."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import pytest

from glm_lsp.bench.crowd import Asked, Editor, EditorLog, MeteredClient, editors_in
from glm_lsp.bench.load import Phase, bench_load, load_series, phase_figures
from glm_lsp.bench.load_table import load_table
from glm_lsp.completion.lifecycle import Completer
from glm_lsp.engine.wire import CompletionRequest
from glm_lsp.errors import EngineLostError, InputError
from glm_lsp.evaluate.held_out import HeldOutFile
from tests.fakes.scripted_client import TIMING, Script, ScriptedClient
from tests.page_rows import left_out
from tests.tiny_model import tiny_model

FILE = HeldOutFile("a.py", "python", "".join(f"value_{number} = compute({number})\n" for number in range(40)))
REQUEST = CompletionRequest(prompt="x = ")


async def ask(client: MeteredClient) -> None:
    async for _ in client.complete(REQUEST):
        pass


async def test_an_answer_is_noted_with_what_it_took() -> None:
    client = MeteredClient(ScriptedClient.saying("abc"), EditorLog())
    await ask(client)
    (asked,) = client.log.answered
    assert (asked.num_prompt, asked.num_cached, asked.num_tokens) == (100, 90, 3)
    assert asked.queue_ms == TIMING.queue
    assert asked.ms > 0
    assert (client.log.num_sent, client.log.num_cancelled, client.log.num_failed, client.log.num_lost) == (
        1, 0, 0, 0,
    )  # fmt: skip


async def test_a_cancelled_and_a_failed_request_are_not_lost() -> None:
    inner = ScriptedClient([
        Script([["a"]], gate=asyncio.Event()),
        Script([["a"]], error=EngineLostError("gone")),
    ])  # fmt: skip
    client = MeteredClient(inner, EditorLog())
    asking = asyncio.create_task(ask(client))
    await inner.started.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    with pytest.raises(EngineLostError):
        await ask(client)
    log = client.log
    assert (log.num_sent, log.num_cancelled, log.num_failed, log.num_lost, log.answered) == (2, 1, 1, 0, [])


async def test_a_stream_that_just_ends_is_lost() -> None:
    class Mute(ScriptedClient):
        async def complete(self, request):  # type: ignore[no-untyped-def]
            for chunk in ():
                yield chunk

    client = MeteredClient(Mute([]), EditorLog())
    await ask(client)
    assert client.log.num_lost == 1


async def test_an_editor_types_the_file_key_by_key() -> None:
    client = ScriptedClient.saying("")
    editor = Editor(0, FILE, client, seed=1)
    await editor.open()
    assert [request.glm.warm_up for request in client.requests] == [True]
    assert editor.log.num_sent == 0
    await editor.type_at_once(0.2)
    assert editor.log.num_keys > 20
    asked = client.requests[1:]
    assert len(asked) == editor.log.num_sent == len(editor.log.answered)
    assert all(FILE.text.startswith(request.prompt_text) for request in asked)
    assert {request.glm.rest_of_line for request in asked} == {""}
    steps = [len(later.prompt_text) - len(earlier.prompt_text) for earlier, later in pairwise(asked[:100])]
    assert set(steps) == {1}


async def test_at_a_pace_a_key_cancels_the_request_before(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()
    client = ScriptedClient([Script([["a"]], gate=gate)])
    editor = Editor(0, FILE, client, seed=1)
    monkeypatch.setattr(editor, "_random", _Hasty())
    asyncio.get_running_loop().call_later(0.4, gate.set)
    await editor.type_at_pace(0.3)
    log = editor.log
    assert log.num_keys == log.num_sent > 2
    assert (log.num_cancelled, len(log.answered), log.num_lost) == (log.num_sent - 1, 1, 0)
    assert client.open_streams == 0


class _Hasty:
    """Presses a key every hundredth of a second."""

    def lognormvariate(self, mu: float, sigma: float) -> float:
        return 0.01

    def randrange(self, stop: int) -> int:
        return 0


async def test_a_mistake_of_ours_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Completer, "suggest", broken)
    editor = Editor(0, FILE, ScriptedClient.saying("a"), seed=1)
    monkeypatch.setattr(editor, "_random", _Hasty())
    with pytest.raises(ZeroDivisionError):
        await editor.type_at_pace(0.05)


def test_editors_differ_and_share_files_when_there_are_not_enough() -> None:
    client = ScriptedClient.saying("")
    short = HeldOutFile("short.py", "python", "x = 1\n")
    other = FILE._replace(path="b.py", text=FILE.text[:-1])
    editors = editors_in([short, other, FILE], [client] * 3, seed=1)
    snapshots = [editor._snapshot() for editor in editors]
    assert [snapshot.path for snapshot in snapshots] == ["a.py", "b.py", "a.py"]
    assert len({snapshot.uri for snapshot in snapshots}) == 3
    with pytest.raises(InputError, match="lines"):
        editors_in([short], [client], seed=1)


def log(*latencies: float, sent: int = 0) -> EditorLog:
    answered = [Asked(ms=ms, queue_ms=1.0, num_prompt=100, num_cached=75, num_tokens=5) for ms in latencies]
    return EditorLog(num_keys=9, num_sent=sent or len(answered), answered=answered)


def test_figures_tell_of_every_request_and_of_the_editor_that_waits_longest() -> None:
    phase = Phase("paced", 2.0, [log(10, 20, 30), log(40, 80, 90, sent=5), log()], resident_mib=100.0)
    found = phase_figures({"paced": phase})["paced"]
    assert (found["keys"], found["requests"], found["answered"], found["lost"]) == (27, 8, 6, 2)
    assert (found["fastest_editor_ms"], found["slowest_editor_ms"], found["unfairness"]) == (20, 80, 4)
    assert (found["answers_per_s"], found["tokens_per_s"], found["reused_prompt_ratio"]) == (3, 15, 0.75)
    assert found["latency_ms"].p50 == 35


def test_nothing_answered_is_no_division_by_zero() -> None:
    phase = Phase("paced", 1.0, [log()], None)
    found = phase_figures({"paced": phase, "saturated": phase})
    assert found["paced"]["latency_ms"] is found["paced"]["unfairness"] is None
    assert load_series({1: {"paced": phase, "saturated": phase}})["editors"].columns == {"editors": [1.0]}


def test_the_whole_measurement(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tiny_model(tmp_path_factory.mktemp("model"))
    seen: list[tuple[int, int]] = []
    result = bench_load(
        folder, editors=(1, 3), threads=1, seconds=0.5, progress=lambda *done: seen.append(done)
    )
    assert seen == [(0, 4), (1, 4), (2, 4), (3, 4)]
    json.dumps(result.figures, allow_nan=False)
    for phases in result.figures["by_editors"].values():
        for figures in phases.values():
            assert figures["requests"] == figures["answered"] + figures["cancelled"]
            assert (figures["failed"], figures["lost"]) == (0, 0)
        assert phases["saturated"]["answered"] > 0
    assert "3" in load_table(result)
    assert result.series["editors"].columns["editors"] == [1.0, 3.0]
    assert left_out(result) == []

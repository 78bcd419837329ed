"""What reaches an engine while a trace is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from glm_lsp.bench.recording import record, recorded_requests
from glm_lsp.bench.trace.draw import draw_trace
from glm_lsp.bench.trace.trace import Trace
from glm_lsp.completion.mode import Mode
from glm_lsp.engine.engine import Engine
from glm_lsp.errors import EngineLostError
from glm_lsp.evaluate.held_out import HeldOutFile
from tests.fakes.scripted_client import Script, ScriptedClient
from tests.tiny_model import tiny_model

CODE = "".join(f"def number_{n}(value: int) -> int:\n    return value + {n}\n\n\n" for n in range(12))


@pytest.fixture(scope="module")
def trace() -> Trace:
    files = [HeldOutFile(f"pkg/{name}.py", "python", CODE) for name in ("one", "two")]
    return draw_trace(files, seed=3, description="two files", keys=120)


def test_same_trace_and_model_give_the_same_requests(trace: Trace, tmp_path: Path) -> None:
    folder = tiny_model(tmp_path)
    lists = []
    for _ in range(2):
        with Engine.load(folder, device="cpu", threads=1) as engine:
            lists.append(recorded_requests(trace, engine, keys=40))
    assert lists[0] == lists[1]
    assert len(lists[0]) > 10


async def test_requests_are_what_an_editor_would_cause(trace: Trace) -> None:
    requests = await record(trace, ScriptedClient.saying("never right"))
    assert {request.glm.path for request in requests} == {"pkg/one.py", "pkg/two.py"}
    assert {request.glm.language for request in requests} == {"Python"}
    assert {request.n for request in requests} == {1}
    assert all(isinstance(request.glm.mode, Mode) for request in requests)
    first = trace.files[trace.edits[0].file].text
    assert first == f"{requests[0].prompt}{requests[0].glm.rest_of_line}\n{requests[0].suffix}"


async def test_every_key_asks_when_nothing_is_known(trace: Trace) -> None:
    """But for cursors in the middle of a word or line, where nobody is asked."""
    requests = await record(trace, ScriptedClient.saying(""))
    assert 0.5 * trace.num_keys < len(requests) <= trace.num_keys + 3 * len(trace.edits)


async def test_number_of_keys_can_be_limited(trace: Trace) -> None:
    told: list[tuple[int, int]] = []
    few = await record(trace, ScriptedClient.saying(""), keys=5, progress=lambda *done: told.append(done))
    assert 0 < len(few) <= 6
    assert told[-1] == (5, 5)


async def test_failing_engine_ends_it(trace: Trace) -> None:
    with pytest.raises(EngineLostError):
        await record(trace, ScriptedClient([Script([[]], error=EngineLostError("gone"))]))

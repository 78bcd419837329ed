"""Cache on = cache off: over random edits the engine writes token for token what a cold one writes.

An over-cautious cache would pass that alone, so re-use is asserted too.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from glm_lsp.engine.engine import Engine
from glm_lsp.engine.job import Event, Job
from glm_lsp.engine.slots import SlotPool
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest, GlmOptions
from glm_lsp.models.store import ModelFolder
from tests.tiny_model import SAMPLE, tiny_model

NUM_TRACES = 1000
TRACES_A_TEST = 100
EDITS = 5
MAX_TOKENS = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return tiny_model(tmp_path_factory.mktemp("cache"), capacity=256)


@pytest.fixture(scope="module")
def warm(folder: ModelFolder) -> Iterator[Engine]:
    with Engine.load(folder, threads=1) as engine:
        yield engine


@pytest.fixture(scope="module")
def cold(folder: ModelFolder) -> Iterator[Engine]:
    with Engine.load(folder, threads=1) as engine:
        yield engine


@dataclass
class Editor:
    """A random person: types, deletes, moves, edits above the cursor, switches between files."""

    rng: random.Random
    files: list[str] = field(default_factory=lambda: [SAMPLE, SAMPLE[::-1], SAMPLE[40:] * 2])
    current: int = 0
    cursor: int = 30

    def edit(self) -> None:
        text = self.files[self.current]
        action = self.rng.choices(
            ("type", "delete", "move", "above", "switch", "again"), (10, 4, 2, 1, 2, 1)
        )[0]
        if action == "type":
            typed = "".join(self.rng.choices("abc =().\n    é", k=self.rng.randint(1, 8)))
            self.files[self.current] = text[: self.cursor] + typed + text[self.cursor :]
            self.cursor += len(typed)
        elif action == "delete":
            gone = min(self.cursor, self.rng.randint(1, 6))
            self.files[self.current] = text[: self.cursor - gone] + text[self.cursor :]
            self.cursor -= gone
        elif action == "move":
            self.cursor = self.rng.randint(0, len(text))
        elif action == "above":
            at = self.rng.randint(0, self.cursor)
            self.files[self.current] = text[:at] + "# x\n" + text[at:]
            self.cursor += 4
        elif action == "switch":
            self.current = self.rng.randrange(len(self.files))
            self.cursor = min(self.cursor, len(self.files[self.current]))

    def request(self) -> CompletionRequest:
        text = self.files[self.current]
        line_end = text.find("\n", self.cursor)
        return CompletionRequest(
            prompt=text[: self.cursor],
            suffix="" if line_end < 0 else text[line_end + 1 :],
            max_tokens=MAX_TOKENS,
            logprobs=0,
            glm=GlmOptions(path=f"file{self.current}.py", language="Python"),
        )


def answer(engine: Engine, request: CompletionRequest) -> tuple[list[str], int, int]:
    """(tokens, prompt tokens, cached tokens)."""
    chunks = list(engine.complete(request))
    tokens = [
        token for c in chunks for choice in c.choices if choice.logprobs for token in choice.logprobs.tokens
    ]
    usage = chunks[-1].usage
    assert usage is not None
    return tokens, usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens


def forget(engine: Engine) -> None:
    engine._worker._slots = SlotPool(engine._worker._session, 1)


@pytest.mark.parametrize("batch", range(NUM_TRACES // TRACES_A_TEST))
def test_edit_traces(warm: Engine, cold: Engine, batch: int) -> None:
    follow(warm, cold, range(batch * TRACES_A_TEST, (batch + 1) * TRACES_A_TEST))


@pytest.mark.parametrize("precision", ["fp16", "int4"])
def test_edit_traces_in_fp16(tmp_path: Path, precision: str) -> None:
    folder = tiny_model(tmp_path, capacity=256, precision=precision, activations="fp16")
    with (
        Engine.load(folder, device="cpu", threads=1) as warm,
        Engine.load(folder, device="cpu", threads=1) as cold,
    ):
        follow(warm, cold, range(50))


def follow(warm: Engine, cold: Engine, traces: range) -> None:
    """Lets both answer the same people, one of them without what it has read before."""
    prompt_tokens = cached_tokens = 0
    for trace in traces:
        editor = Editor(random.Random(trace))
        for _ in range(EDITS):
            editor.edit()
            request = editor.request()
            forget(cold)
            tokens, prompt, cached = answer(warm, request)
            wanted, _, none = answer(cold, request)
            assert none == 0
            assert tokens == wanted, f"trace {trace}"
            prompt_tokens += prompt
            cached_tokens += cached
    # Edits here are wild: typing alone re-uses far more.
    assert cached_tokens > 0.5 * prompt_tokens


def test_typing_reuses_nearly_everything(warm: Engine) -> None:
    text = SAMPLE * 2
    counts = []
    for end in range(100, 300):
        request = CompletionRequest(
            prompt=text[:end], suffix="done\n", max_tokens=2, glm=GlmOptions(path="t.py")
        )
        _, prompt, cached = answer(warm, request)
        counts.append((prompt, cached))
    total, cached = (sum(column) for column in zip(*counts[1:], strict=True))
    assert cached >= 0.9 * total


def run_and_cancel(engine: Engine, request: CompletionRequest, after_events: int) -> None:
    """Submits a request and withdraws it after so many events, or at once."""
    done = threading.Event()
    events: list[Event] = []
    jobs: list[Job] = []

    def on_event(event: Event) -> None:
        events.append(event)
        if isinstance(event, CompletionChunk) and event.usage is not None:
            done.set()
        elif len(events) >= after_events:
            for job in jobs:
                job.cancel()

    jobs.append(engine.submit(request, on_event))
    if after_events == 0:
        jobs[0].cancel()
    assert done.wait(10)


def test_cancelled_at_random_points(warm: Engine, cold: Engine) -> None:
    """Requests withdrawn before, during and after prefill and decode leave a cache that is still right."""
    rng = random.Random(11)
    for trace in range(300):
        editor = Editor(random.Random(10_000 + trace))
        for _ in range(3):
            editor.edit()
            run_and_cancel(warm, editor.request(), rng.randrange(MAX_TOKENS))
        editor.edit()
        request = editor.request()
        forget(cold)
        assert answer(warm, request)[0] == answer(cold, request)[0], f"trace {trace}"
    assert warm.counters()["finish_cancelled"] > 100

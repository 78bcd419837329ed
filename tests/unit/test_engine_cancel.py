"""A client that goes: the engine's real decoding, through real HTTP, ends before its next step."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

from glm_lsp.engine.address import UnixAddress
from glm_lsp.engine.client.client import HttpEngineClient
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.job import Job, OnEvent
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from tests.fakes.fake_core import fake_core, noise
from tests.fakes.fake_server import serve, short_folder, wait_until

STEP_S = 0.05


class Steps:
    """Counts steps as they begin, and notes how many had begun when each job was cancelled."""

    def __init__(self) -> None:
        self.num_begun = 0
        self.begun_at_cancel: list[int] = []
        self.num_at_once = self.most_at_once = 0
        self._lock = threading.Lock()

    def step(self) -> None:
        with self._lock:
            self.num_begun += 1
            self.num_at_once += 1
            self.most_at_once = max(self.most_at_once, self.num_at_once)
        time.sleep(STEP_S)
        with self._lock:
            self.num_at_once -= 1


def counted(engine: Engine, steps: Steps) -> Engine:
    """The engine, its jobs' cancels noted."""
    submit = engine.submit

    def noting(request: CompletionRequest, on_event: OnEvent) -> Job:
        job = submit(request, on_event)
        cancel = job.cancel

        def cancel_and_note() -> None:
            steps.begun_at_cancel.append(steps.num_begun)
            cancel()

        job.cancel = cancel_and_note  # type: ignore[method-assign]
        return job

    engine.submit = noting  # type: ignore[method-assign]
    return engine


def request(text: str) -> CompletionRequest:
    return CompletionRequest(prompt=text, max_tokens=500, stream=True, glm=GlmOptions(raw=True))


async def until_cancelled(engine: Engine, number: int) -> None:
    """Waits until the engine has put so many jobs away."""
    await asyncio.to_thread(wait_until, lambda: engine.counters().get("finish_cancelled", 0) >= number)


async def cancel_mid_decode(folder: Path, steps: Steps) -> None:
    engine = counted(fake_core(noise(on_run=steps.step)), steps)
    with serve(engine, UnixAddress(folder / "s")) as address:
        client = HttpEngineClient(address)
        for number in range(1, 4):
            chunks = client.complete(request(f"def number_{number}"))
            await anext(chunks)
            await asyncio.sleep(0.12)
            closed_at, begun_at_close = time.monotonic(), steps.num_begun
            await chunks.aclose()
            await until_cancelled(engine, number)
            # The step that ran when the client went, and perhaps one that began before the server saw it.
            assert steps.num_begun - begun_at_close <= 1
            assert steps.num_begun == steps.begun_at_cancel[-1]
            assert time.monotonic() - closed_at < 10 * STEP_S
        await client.close()


async def test_no_step_begins_after_a_cancel() -> None:
    steps = Steps()
    with short_folder() as folder:
        await cancel_mid_decode(folder, steps)
    assert len(steps.begun_at_cancel) == 3


async def test_of_many_requests_one_is_worked_on_and_the_withdrawn_cost_nothing() -> None:
    steps = Steps()
    with short_folder() as folder:
        engine = counted(fake_core(noise(on_run=steps.step)), steps)
        with serve(engine, UnixAddress(folder / "s")) as address:
            client = HttpEngineClient(address)
            first = client.complete(request("first"))
            await anext(first)
            waiting = [asyncio.ensure_future(anext(client.complete(request(f"n{n}")))) for n in range(20)]
            await asyncio.sleep(0.1)
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)
            await asyncio.to_thread(wait_until, lambda: len(steps.begun_at_cancel) == 20)
            await first.aclose()
            await until_cancelled(engine, 21)
            assert steps.num_begun == steps.begun_at_cancel[-1]
            await client.close()
    assert steps.most_at_once == 1

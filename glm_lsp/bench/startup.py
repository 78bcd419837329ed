"""From nothing to a completion: a fresh engine process, its model loaded, its first request answered."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass, field

from glm_lsp.bench.engine_process import EngineProcess, engine_process
from glm_lsp.engine.client.client import HttpEngineClient
from glm_lsp.engine.wire import CompletionRequest
from glm_lsp.models.store import ModelFolder
from glm_lsp.progress import Progress, silent


@dataclass(slots=True)
class StartTimes:
    """Milliseconds from the start of a process, one sample for each.

    Attributes:
        ready: until it says what it serves.
        first_completion: until a whole completion is there.
        resident_mib: memory the process holds then; empty where the system does not tell.
    """

    ready: list[float] = field(default_factory=list)
    first_completion: list[float] = field(default_factory=list)
    resident_mib: list[float] = field(default_factory=list)


def measure_starts(
    folder: ModelFolder,
    threads: int,
    request: CompletionRequest,
    num_starts: int,
    progress: Progress = silent,
    *,
    device: str = "auto",
) -> StartTimes:
    """Starts one engine process after the other; the model's files are in the system's cache from the second on.

    Raises:
        EngineStartError: it does not come up.
        GlmError: it refuses the request.
    """
    times = StartTimes()
    for number in range(num_starts):
        progress(number, num_starts)
        with engine_process(folder, threads, device=device) as engine:
            asyncio.run(_first_completion(engine, request, times))
            if resident := engine.resident_mib:
                times.resident_mib.append(resident)
    return times


async def _first_completion(engine: EngineProcess, request: CompletionRequest, times: StartTimes) -> None:
    client = HttpEngineClient(engine.address)
    try:
        await engine.ready(client)
        times.ready.append((time.perf_counter() - engine.started) * 1e3)
        async with aclosing(client.complete(request)) as chunks:
            async for _ in chunks:
                pass
        times.first_completion.append((time.perf_counter() - engine.started) * 1e3)
    finally:
        await client.close()

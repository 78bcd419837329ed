"""What the engine's HTTP costs: the same requests over its socket and as calls in this process, in turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from glm_lsp.bench.engine_process import engine_process
from glm_lsp.engine.client.client import HttpEngineClient
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.models.store import ModelFolder
from glm_lsp.progress import Progress, silent

_WARM_UP = 10
_CODE = "def number_{0}(value: int) -> int:\n    return value + {0}\n\n\n"
_PREFIX_CHARS = 900
_AROUND_CHARS = 64 * 1024
_PAUSE_S = 0.002


@dataclass(slots=True)
class RequestTimes:
    """Milliseconds of whole requests, one sample each at the same place of both lists.

    Attributes:
        http: through the client, from the call to the last chunk.
        call: through `Engine.complete` in this process.
        inside: of `http`, what the engine itself says it took.
    """

    http: list[float] = field(default_factory=list)
    call: list[float] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)


def measure_http(
    folder: ModelFolder, threads: int, lengths: Sequence[int], num_requests: int, progress: Progress = silent
) -> tuple[EngineDescription, dict[int, RequestTimes]]:
    """For each number of tokens an engine process and an engine here, on the same weights and requests.

    What the process says of itself comes first.

    Args:
        lengths: tokens to generate. The prompt is cached but for its last character, as when typing.
        num_requests: for each length.

    Raises:
        EngineStartError: the process does not come up.
    """
    with engine_process(folder, threads) as process, Engine.load(folder, threads=threads or None) as engine:
        measuring = _Measuring(engine, HttpEngineClient(process.address))

        async def run() -> tuple[EngineDescription, dict[int, RequestTimes]]:
            try:
                about = await process.ready(measuring.client)
                return about, await measuring.run(lengths, num_requests, progress)
            finally:
                await measuring.client.close()

        return asyncio.run(run())


class _Measuring:
    def __init__(self, engine: Engine, client: HttpEngineClient) -> None:
        self.client = client
        self._engine = engine

    async def run(
        self, lengths: Sequence[int], num_requests: int, progress: Progress
    ) -> dict[int, RequestTimes]:
        found: dict[int, RequestTimes] = {}
        for place, length in enumerate(lengths):
            times = found[length] = RequestTimes()
            for number in range(-_WARM_UP, num_requests):
                progress(place * num_requests + max(0, number), len(lengths) * num_requests)
                request = _request(number + _WARM_UP, length)
                await asyncio.sleep(_PAUSE_S)
                http, inside = await self._over_http(request)
                await asyncio.sleep(_PAUSE_S)
                call = self._in_process(request)
                if number >= 0:
                    times.http.append(http)
                    times.inside.append(inside)
                    times.call.append(call)
        return found

    async def _over_http(self, request: CompletionRequest) -> tuple[float, float]:
        inside = 0.0
        begun = time.perf_counter()
        async with aclosing(self.client.complete(request)) as chunks:
            async for chunk in chunks:
                inside = chunk.glm.timing_ms.total if chunk.glm else inside
        return 1000 * (time.perf_counter() - begun), inside

    def _in_process(self, request: CompletionRequest) -> float:
        begun = time.perf_counter()
        for _ in self._engine.complete(request):
            pass
        return 1000 * (time.perf_counter() - begun)


def _request(number: int, length: int) -> CompletionRequest:
    """As an editor's: a prompt that grows by a character, with all the text around that may be sent."""
    code = "".join(_CODE.format(place) for place in range(60))
    typed = "result = compute(first, second)"
    return CompletionRequest(
        prompt=code[-_PREFIX_CHARS:] + typed[: 1 + number % (len(typed) - 1)],
        max_tokens=length,
        stream=True,
        logprobs=0,
        glm=GlmOptions(raw=True, text_before=(code * 20)[:_AROUND_CHARS]),
    )

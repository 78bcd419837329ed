"""Whether memory stays as it is over many requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from glm_lsp.engine.engine import Engine
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.progress import Progress, silent

READINGS = 50
"""Of the memory, spread over all requests."""

FIRST_SHARE = 0.2
"""Of all readings: until then caches and arenas may still fill up."""

_PROMPTS = 5
_SHORTEST = 16
_STRIDE = 37


@dataclass(frozen=True, slots=True)
class Endurance:
    """Readings in MiB by the kind of memory, evenly spread over `num_requests` requests that took `seconds`."""

    num_requests: int
    seconds: float
    memory_mib: dict[str, list[float]]

    def growth_mib(self, kind: str) -> float | None:
        """The last readings over those after the first fifth, medians of five each; None without any."""
        readings = self.memory_mib[kind][int(len(self.memory_mib[kind]) * FIRST_SHARE) :]
        if not readings:
            return None
        return float(np.median(readings[-5:]) - np.median(readings[:5]))


def endure(
    engine: Engine,
    token_ids: Sequence[int],
    num_requests: int,
    memory_mib: dict[str, Callable[[], float | None]],
    progress: Progress = silent,
) -> Endurance:
    """Asks for two tokens again and again, behind prompts of changing length; one in ten begins differently.

    Args:
        engine: nobody else uses it.
        token_ids: of the longest prompt.
        memory_mib: reads each kind of memory; None where nobody tells.

    Raises:
        GlmError: the engine refuses a request.
    """
    vocabulary = sorted(set(token_ids))[:_PROMPTS]
    every = max(1, num_requests // READINGS)
    readings: dict[str, list[float]] = {kind: [] for kind in memory_mib}
    started = time.perf_counter()
    for number in range(num_requests):
        length = _SHORTEST + number * _STRIDE % max(1, len(token_ids) - _SHORTEST)
        prompt = (vocabulary[number // 10 % len(vocabulary)], *token_ids[1:length])
        request = CompletionRequest(prompt=prompt, max_tokens=2, glm=GlmOptions(raw=True))
        for _ in engine.complete(request):
            pass
        if number % every == 0:
            for kind, read in memory_mib.items():
                if (reading := read()) is not None:
                    readings[kind].append(reading)
            progress(number, num_requests)
    return Endurance(num_requests, time.perf_counter() - started, readings)

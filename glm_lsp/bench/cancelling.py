"""How long the engine is still busy with a request that nobody wants any more."""

from __future__ import annotations

import queue
import random
import time
from collections.abc import Sequence
from functools import partial
from itertools import count
from typing import Literal

from glm_lsp.bench.sampling import interleaved
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.job import Event, Job
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.errors import GlmError
from glm_lsp.progress import Progress, silent

Phase = Literal["reading", "writing"]
PHASES: tuple[Phase, ...] = ("reading", "writing")

_MOST_TOKENS = 512
_MOST_SHARE = 0.8
"""Of the time that reading a prompt takes; later a cancel might come when it has been read."""


def measure_cancels(
    engine: Engine,
    token_ids: Sequence[int],
    reading_ms: float,
    seconds: float,
    progress: Progress = silent,
    *,
    seed: int = 1,
) -> dict[Phase, list[float]]:
    """Milliseconds from a cancel to the engine's last word, while it reads a new prompt and while it writes.

    Args:
        engine: nobody else uses it.
        token_ids: of a prompt, without its first one.
        reading_ms: what reading such a prompt takes, about; cancels come at random before that.
        seconds: for everything, about.

    Raises:
        GlmError: the engine fails.
    """
    rng, numbers = random.Random(seed), count()
    vocabulary = sorted(set(token_ids))

    def one(phase: Phase) -> float:
        # A first token of its own: all of the prompt is new.
        prompt = (vocabulary[next(numbers) % len(vocabulary)], *token_ids)
        request = CompletionRequest(prompt=prompt, max_tokens=_MOST_TOKENS, glm=GlmOptions(raw=True))
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        job = engine.submit(request, events.put)
        if phase == "reading":
            time.sleep(rng.random() * _MOST_SHARE * reading_ms / 1e3)
        else:
            _is_last(events.get())  # the first token is there
        return _cancelled(job, events)

    return interleaved({phase: partial(one, phase) for phase in PHASES}, seconds, progress)


def _cancelled(job: Job, events: queue.SimpleQueue[Event]) -> float:
    started = time.perf_counter()
    job.cancel()
    while not _is_last(events.get()):
        pass
    return (time.perf_counter() - started) * 1e3


def _is_last(event: Event) -> bool:
    if isinstance(event, GlmError):
        raise event
    return event.usage is not None

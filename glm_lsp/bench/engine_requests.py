"""What `glm-lsp bench engine` learns by asking: first tokens, pauses, long answers, cancels, and memory."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from glm_lsp.bench.cancelling import measure_cancels
from glm_lsp.bench.endurance import endure
from glm_lsp.bench.engine_figures import (
    Rounds,
    cancel_figures,
    endurance_figures,
    first_token_figures,
    pause_figures,
    stream_figures,
)
from glm_lsp.bench.environment import Environment, look_around, place_of
from glm_lsp.bench.first_token import (
    ANSWER_TOKENS,
    LONG_ANSWER_TOKENS,
    measure_after_pauses,
    measure_first_tokens,
    measure_stream,
)
from glm_lsp.bench.memory_use import memory_readers
from glm_lsp.bench.steps import SHORTEST, prompt_lengths
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.onnx_runtime import Device
from glm_lsp.models.store import ModelFolder
from glm_lsp.progress import Progress, silent

PAUSES_S = (0.0, 0.02, 0.15, 0.5)
"""None, and up to a moment's thought; the third one lies between two keys."""

GPU_SHORTEST = 256
"""Tokens of the shortest prompt on a GPU, where shorter ones tell nothing new."""

USUAL_PROMPT = 2048
"""Of what is measured at one length only, where the model has room for it."""

STREAM_TOKENS = 256
ENDURANCE_PROMPT = 256

Bar = Callable[[str], AbstractContextManager[Progress]]
"""Shows a progress bar with a title while a measurement runs."""


@contextmanager
def no_bar(_title: str) -> Iterator[Progress]:
    """A `Bar` that shows nothing."""
    yield silent


@dataclass(frozen=True, slots=True)
class Asked:
    """What requests took, and where: `rounds` are what the figures of first tokens come from."""

    environment: Environment
    answer_tokens: int
    rounds: Rounds
    figures: dict[str, Any]

    @property
    def place(self) -> Literal["cpu", "cuda"]:
        """Where the model really ran."""
        return place_of(self.environment)


def ask_engine(
    folder: ModelFolder,
    token_ids: Sequence[int],
    longest: int,
    *,
    chars_per_token: float,
    device: Device,
    threads: int,
    seconds: float,
    num_requests: int,
    warn: Callable[[Environment], None],
    bar: Bar,
) -> Asked:
    """Loads an engine in this process and asks it; the other arguments are those of `bench_engine`.

    Args:
        token_ids: of some code, at least `longest`.
        longest: tokens of the longest prompt that the engine takes.
        chars_per_token: of code.

    Raises:
        GlmError: the model cannot be loaded, or the engine refuses a request.
    """
    # Without guesses an answer takes as many steps as it has tokens, whatever they are.
    with Engine.load(folder, device=device, threads=threads or None, max_slots=1, speculates=False) as engine:
        environment = look_around(engine.describe())
        warn(environment)
        on_gpu = place_of(environment) == "cuda"
        answer_tokens = LONG_ANSWER_TOKENS if on_gpu else ANSWER_TOKENS
        usual, half = min(USUAL_PROMPT, longest), min(USUAL_PROMPT, longest // 2)
        lengths = prompt_lengths(longest, min(GPU_SHORTEST, longest) if on_gpu else SHORTEST)
        with bar("first tokens") as progress:
            rounds = measure_first_tokens(
                engine, token_ids, lengths, seconds, progress, answer_tokens=answer_tokens
            )
        with bar("pauses") as progress:
            rested = measure_after_pauses(engine, token_ids[:usual], PAUSES_S, seconds, progress)
        with bar("long answers") as progress:
            num_tokens = min(STREAM_TOKENS, longest - half)
            streamed = measure_stream(engine, token_ids[:half], num_tokens, seconds, progress)
        with bar("cancels") as progress:
            reading_ms = statistics.median(each.cold.ms for each in rounds[usual])
            cancels = measure_cancels(engine, token_ids[1:half], reading_ms, seconds, progress)
        readers = memory_readers(place_of(environment))
        held = {kind: read() for kind, read in readers.items()}
        with bar("many requests") as progress:
            endured = endure(
                engine, token_ids[: min(ENDURANCE_PROMPT, longest)], num_requests, readers, progress
            )
    figures = {
        "first_token": first_token_figures(rounds),
        "after_pause": pause_figures(usual, rested),
        "stream": stream_figures(half, streamed, chars_per_token),
        "cancel": cancel_figures(half, cancels),
        "memory_mib": held,
        "endurance": endurance_figures(endured),
    }
    return Asked(environment, answer_tokens, rounds, figures)

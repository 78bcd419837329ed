"""Contestants answer the same jobs in turn, so that all of them meet the machine in the same state."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from glm_lsp.bench.contestant import Answer, Contestant
from glm_lsp.evaluate.progress import Progress, silent

PAUSE_S = 0.01
"""Between two answers: threads of whoever answered last may still spin for a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Job:
    """A prompt, and how many tokens to write."""

    token_ids: list[int]
    num_tokens: int


@dataclass(frozen=True, slots=True)
class Samples:
    """By contestant, in the order of the jobs: milliseconds of the whole exchange, and the answers."""

    ms: dict[str, list[float]]
    answers: dict[str, list[Answer]]


def take_turns(
    contestants: Sequence[Contestant],
    jobs: Sequence[Job],
    progress: Progress = silent,
    *,
    pause_s: float = PAUSE_S,
) -> Samples:
    """Every contestant does every job; who begins changes from job to job.

    Raises:
        InputError: a contestant failed.
    """
    samples = Samples({one.name: [] for one in contestants}, {one.name: [] for one in contestants})
    for number, job in enumerate(jobs):
        first = number % len(contestants)
        for contestant in (*contestants[first:], *contestants[:first]):
            time.sleep(pause_s)
            began = time.perf_counter()
            answer = contestant.answer(job.token_ids, job.num_tokens)
            samples.ms[contestant.name].append((time.perf_counter() - began) * 1e3)
            samples.answers[contestant.name].append(answer)
        progress(number + 1, len(jobs))
    return samples

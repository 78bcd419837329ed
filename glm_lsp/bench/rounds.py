"""Contestants answer the same jobs in turn, so that all of them meet the machine in the same state."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from glm_lsp.bench.contestant import Answer, Contestant
from glm_lsp.progress import Progress, silent

SETTLE_S = 0.01
"""Between letting a contestant go on and asking it: long enough for most threads to fall asleep, as between keys."""


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
    settle_s: float = SETTLE_S,
    seed: int = 1,
) -> Samples:
    """Every contestant does every job; their order is drawn anew for each.

    Whoever is not asked is stopped: threads of some runtimes wait in a loop for a tenth of a second and longer, on the
    processor that the next one needs.

    Raises:
        InputError: a contestant failed.
    """
    samples = Samples({one.name: [] for one in contestants}, {one.name: [] for one in contestants})
    rng = random.Random(seed)
    for contestant in contestants:
        contestant.pause()
    try:
        for number, job in enumerate(jobs):
            for contestant in rng.sample(contestants, len(contestants)):
                contestant.resume()
                time.sleep(settle_s)
                began = time.perf_counter()
                answer = contestant.answer(job.token_ids, job.num_tokens)
                samples.ms[contestant.name].append((time.perf_counter() - began) * 1e3)
                contestant.pause()
                samples.answers[contestant.name].append(answer)
            progress(number + 1, len(jobs))
    finally:
        for contestant in contestants:
            contestant.resume()
    return samples

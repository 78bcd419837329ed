"""Timing several things side by side, so that what disturbs the machine disturbs all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

from glm_lsp.progress import Progress, silent

Case = TypeVar("Case", bound=Hashable)

MIN_ROUNDS = 5
MAX_ROUNDS = 2000


def timed(work: Callable[[], object]) -> float:
    """Milliseconds that `work` takes."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3


def interleaved(
    cases: Mapping[Case, Callable[[], float]],
    seconds: float,
    progress: Progress = silent,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[Case, list[float]]:
    """Calls every case once a round, each round beginning with another one, for about so many seconds.

    Args:
        cases: return a sample each. They are called once beforehand, which is not counted.
        seconds: after which no round begins, but there are at least `MIN_ROUNDS`.

    Returns:
        The samples of each case; those at one place belong to the same round.
    """
    names = list(cases)
    for name in names:
        cases[name]()
    samples: dict[Case, list[float]] = {name: [] for name in names}
    started = clock()
    for turn in range(MAX_ROUNDS):
        spent = clock() - started
        if spent >= seconds and turn >= MIN_ROUNDS:
            break
        progress(min(int(spent * 1e3), int(seconds * 1e3)), int(seconds * 1e3))
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            samples[name].append(cases[name]())
    return samples

"""How many tokens of a prompt to run at once: as fast as it goes, and still quick to give up.

Between two runs a cancelled request is noticed, so the longest run is how long a person who types on waits for the
engine. How long runs take depends on the GPU and the model, so a few sizes are tried at the start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

SIZES = (64, 128, 256, 512, 1024, 2048)

LONGEST_RUN_S = 0.025
"""Seconds; with the step in hand a cancelled request is gone within the blink of a display's frame or two."""

_CLEAR_GAIN = 1.05
"""A longer run has to bring so much more throughput; below it is noise, and shorter is quicker to give up."""


def measure_sizes(time_run: Callable[[int], float], capacity: int) -> dict[int, float]:
    """Seconds of a run by its number of tokens; sizes far beyond the bound are not tried.

    Args:
        time_run: runs so many tokens, which fit into `capacity`, and says how many seconds that took.
    """
    seconds: dict[int, float] = {}
    for size in SIZES:
        if size > capacity:
            break
        seconds[size] = time_run(size)
        if seconds[size] > 2 * LONGEST_RUN_S:
            break
    return seconds


def best_size(seconds: Mapping[int, float], capacity: int) -> int:
    """Of the sizes that take at most `LONGEST_RUN_S` the one with the most tokens a second.

    The smallest if all take longer, and what the cache holds if it is smaller still.
    """
    best = min(SIZES[0], capacity)
    rate = 0.0
    for size, duration in sorted(seconds.items()):
        if duration <= LONGEST_RUN_S and size > rate * duration * _CLEAR_GAIN:
            best, rate = size, size / duration
    return best

"""Which shape a run takes on a GPU: a few fixed ones, so that memory, bindings and captured graphs are used again.

A step of decoding has one of a few widths, each of which may be captured as a CUDA graph; longer runs go by buckets.
What a run has too few tokens for is filled up behind them: those results nobody sees, and the next run overwrites
their keys and values. A run so close to the end of the cache that the padding has no room takes its exact length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

STEP_WIDTHS = (1, 2, 4, 8)
"""Tokens of a step of decoding: one, or one with 1, 3 or 7 guesses."""

SMALLEST_BUCKET = 16
LARGEST_BUCKET = 2048

NO_GRAPH = -1
"""The value of the run option `gpu_graph_id` that neither captures nor replays."""


@dataclass(frozen=True, slots=True)
class RunShape:
    """What is bound and captured once.

    Attributes:
        num_tokens: run together, padding included.
        num_rows: of them that are scored.
        graph_id: of the CUDA graph; `NO_GRAPH` for none.
        is_kept: whether the shape comes again, so that its buffers are worth keeping.
    """

    num_tokens: int
    num_rows: int
    graph_id: int = NO_GRAPH
    is_kept: bool = True


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A run put into a shape.

    Attributes:
        selected: index of the token that each scored row belongs to.
        first_row: of the rows that were asked for; they end with row `first_row + num_scored - 1`.
    """

    shape: RunShape
    selected: tuple[int, ...]
    first_row: int


class RunShapes:
    """The shapes of one session.

    Args:
        capacity: tokens of the KV cache.
        widths: of steps, ascending.
    """

    def __init__(self, capacity: int, widths: Sequence[int] = STEP_WIDTHS) -> None:
        if list(widths) != sorted(set(widths)) or not widths or widths[0] < 1:
            raise ValueError(f"step widths have to ascend from 1: {widths}")
        self.capacity = capacity
        self.widths = tuple(width for width in widths if width <= capacity)

    @property
    def steps(self) -> tuple[RunShape, ...]:
        """Those that may be captured; all of their rows are scored, so that `selected` never changes."""
        return tuple(RunShape(width, width, graph_id) for graph_id, width in enumerate(self.widths, start=1))

    def plan(self, past: int, num_tokens: int, num_scored: int) -> RunPlan:
        """The shape for `num_tokens` behind `past`, the last `num_scored` of them scored."""
        for shape in self.steps:
            if num_tokens <= shape.num_tokens and past + shape.num_tokens <= self.capacity:
                return RunPlan(shape, tuple(range(shape.num_rows)), num_tokens - num_scored)
        bucket = _power_of_two(num_tokens, SMALLEST_BUCKET)
        if bucket <= LARGEST_BUCKET and past + bucket <= self.capacity:
            num_rows = 1 if num_scored <= 1 else min(bucket, _power_of_two(num_scored, 8))
            shape = RunShape(bucket, num_rows)
        else:
            # At the end of the cache, or longer than anything that is run twice.
            num_rows = max(1, num_scored)
            shape = RunShape(num_tokens, num_rows, is_kept=False)
        selected = tuple(max(0, row) for row in range(num_tokens - num_rows, num_tokens))
        return RunPlan(shape, selected, num_rows - num_scored)


def _power_of_two(count: int, least: int) -> int:
    """The smallest power of two from `least` on that is not below `count`."""
    return max(least, 1 << (count - 1).bit_length()) if count > 1 else least

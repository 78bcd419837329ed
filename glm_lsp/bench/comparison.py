"""What samples of a comparison say: agreement first, then times and ratios. Numbers in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glm_lsp.bench.distribution import Distribution, distribution, median_ratio
from glm_lsp.bench.workload import Task
from glm_lsp.engine.slots import common_prefix
from glm_lsp.evaluate.scores import Estimate

MIN_AGREEMENT = 0.9
"""Of whole answers. A contestant below it does not do the same work: its times are not compared."""

BUCKETS = ((1, 1), (2, 4), (5, 16), (17, 64), (65, None))
"""Of requests by their new prompt tokens, both ends inside."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a contestant's answers agree with plain greedy decoding of this program's session.

    Attributes:
        answers: the share of requests whose answers are the same from the first token to the last.
        decisions: the share of tokens that are the same among those up to the first one that differs; None where ids
            are not known.
        first_difference: the median place of the first token that differs, counted from 1, in answers that differ.
    """

    answers: float
    decisions: float | None = None
    first_difference: float | None = None

    @property
    def is_enough(self) -> bool:
        """Whether times may be compared."""
        return self.answers >= MIN_AGREEMENT


@dataclass(frozen=True, slots=True)
class Costs:
    """Milliseconds of a request as a sum: `fixed` + `per_new_token` * new prompt tokens + `per_token` * written ones.

    Fitted by least squares to the fastest 95 % of the requests.
    """

    fixed: float
    per_new_token: float
    per_token: float


@dataclass(frozen=True, slots=True)
class Ratios:
    """A peer's time over ours; above 1 we are faster. `p50` and `p95` of the whole requests, with `each` for the median
    of the ratios request by request."""

    p50: Estimate
    p95: float
    each: float


def agreement_of_ids(tasks: Sequence[Task], answers: Sequence[Sequence[int]]) -> Agreement:
    """Agreement of token ids; requests that ask for none do not count.

    Raises:
        ValueError: no request asked for tokens.
    """
    pairs = [
        (task.expected, list(answer)) for task, answer in zip(tasks, answers, strict=True) if task.expected
    ]
    if not pairs:
        raise ValueError("an agreement of nothing")
    same = [common_prefix(expected, answer) for expected, answer in pairs]
    differing = [n + 1 for n, (expected, answer) in zip(same, pairs, strict=True) if answer != expected]
    decisions = sum(same) + len(differing)
    return Agreement(
        1 - len(differing) / len(pairs),
        sum(same) / decisions,
        float(np.median(differing)) if differing else None,
    )


def agreement_of_texts(expected: Sequence[str], answers: Sequence[str]) -> Agreement:
    """Agreement of texts, for a contestant that tells no ids.

    Raises:
        ValueError: there are none.
    """
    same = [one == other for one, other in zip(expected, answers, strict=True)]
    if not same:
        raise ValueError("an agreement of nothing")
    return Agreement(sum(same) / len(same))


def costs(tasks: Sequence[Task], ms: Sequence[float]) -> Costs | None:
    """The parts of a request's time; None of too few or too equal requests."""
    times = np.asarray(ms, np.float64)
    parts = np.array([(1, task.num_new, task.num_tokens) for task in tasks], np.float64).reshape(-1, 3)
    kept = times <= np.percentile(times, 95) if times.size else np.zeros(0, bool)
    if np.linalg.matrix_rank(parts[kept]) < 3:
        return None
    solution, *_ = np.linalg.lstsq(parts[kept], times[kept], rcond=None)
    return Costs(*solution.tolist())


def ratios(peer_ms: Sequence[float], our_ms: Sequence[float]) -> Ratios:
    """How many times as long a peer takes, on the same requests in the same order."""
    theirs, ours = np.asarray(peer_ms), np.asarray(our_ms)
    return Ratios(
        median_ratio(peer_ms, our_ms),
        float(np.percentile(theirs, 95) / np.percentile(ours, 95)),
        float(np.median(theirs / ours)),
    )


def by_new_tokens(tasks: Sequence[Task], ms: Sequence[float]) -> dict[str, Distribution]:
    """Distributions of requests by the number of their new prompt tokens."""
    found = {}
    for low, high in BUCKETS:
        inside = [
            t for task, t in zip(tasks, ms, strict=True) if low <= task.num_new <= (high or task.num_new)
        ]
        if of_these := distribution(inside):
            found[bucket_name(low, high)] = of_these
    return found


def bucket_name(low: int, high: int | None) -> str:
    """As tables and plots call it."""
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}-{high}"

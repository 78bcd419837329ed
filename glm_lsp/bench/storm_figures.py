"""What `glm-lsp bench storm` saw, in numbers, and whether that is as it should be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from glm_lsp.bench.distribution import distribution
from glm_lsp.bench.result import Result
from glm_lsp.bench.table import heading, table

MOST_IN_ENGINE = 3
"""One that runs, and the queue of two that the goals allow."""
CANCELLED_WITHIN_MS = 50.0
LAST_AGAINST_IDLE = 1.5
MOST_GROWTH_MIB = 20.0


@dataclass(slots=True)
class Storm:
    """What was seen.

    Attributes:
        answers: how many, by kind: shown, empty, cancelled, overtaken, failed.
        num_sent: requests, of which each should have one answer.
        cancelled_ms: from the cancel to the answer.
        idle_ms: of requests without a storm, between the bursts.
        last_ms: of the last request of each burst.
        in_engine: requests the engine had at once, whenever it was asked.
        memory_mib: of front and engine together, after each burst.
    """

    answers: Counter[str] = field(default_factory=Counter)
    num_sent: int = 0
    cancelled_ms: list[float] = field(default_factory=list)
    idle_ms: list[float] = field(default_factory=list)
    last_ms: list[float] = field(default_factory=list)
    in_engine: list[float] = field(default_factory=list)
    memory_mib: list[float] = field(default_factory=list)


def storm_figures(storm: Storm) -> dict[str, Any]:
    """The figures; memory is compared with that after the first of several bursts."""
    idle, last = distribution(storm.idle_ms), distribution(storm.last_ms)
    memory = storm.memory_mib
    return {
        "requests": storm.num_sent,
        "answers": dict(sorted(storm.answers.items())),
        "unanswered": storm.num_sent - sum(storm.answers.values()),
        "cancelled_ms": distribution(storm.cancelled_ms),
        "idle_ms": idle,
        "last_ms": last,
        "last_against_idle": last.p95 / idle.p95 if last and idle else None,
        "most_in_engine": max(storm.in_engine, default=0.0),
        "memory_mib": memory[-1] if memory else None,
        "memory_growth_mib": memory[-1] - memory[0] if memory else None,
    }


def broken_promises(figures: dict[str, Any]) -> list[str]:
    """What of the page's head did not hold, a sentence each."""
    answers, cancelled = figures["answers"], figures["cancelled_ms"]
    growth, ratio = figures["memory_growth_mib"], figures["last_against_idle"]
    claims = (
        (figures["unanswered"] == 0, f"{figures['unanswered']} requests were not answered"),
        (not answers.get("unasked"), f"{answers.get('unasked')} answers to nothing"),
        (not answers.get("failed"), f"{answers.get('failed')} requests failed"),
        (
            figures["most_in_engine"] <= MOST_IN_ENGINE,
            f"{figures['most_in_engine']:g} requests in the engine",
        ),
        (not cancelled or cancelled.p99 <= CANCELLED_WITHIN_MS, "cancelled requests were answered late"),
        (
            ratio is None or ratio <= LAST_AGAINST_IDLE,
            f"the last answers took {ratio or 0:.1f} times an idle one's",
        ),
        (growth is None or growth <= MOST_GROWTH_MIB, f"memory grew by {growth or 0:.0f} MiB"),
    )
    return [complaint for holds, complaint in claims if not holds]


def storm_table(result: Result) -> str:
    """All of it as tables, stored results included."""
    figures = result.figures
    spreads = [
        ("without a storm", figures["idle_ms"]),
        ("last of a storm", figures["last_ms"]),
        ("cancelled, from the cancel", figures["cancelled_ms"]),
    ]
    rows = [
        (name, *(spread[key] for key in ("p50", "p95", "p99", "max"))) for name, spread in spreads if spread
    ]
    counts = [
        ("requests", figures["requests"]),
        *figures["answers"].items(),
        ("unanswered", figures["unanswered"]),
    ]
    others = [
        ("most requests in the engine", figures["most_in_engine"]),
        ("last / idle, p95", figures["last_against_idle"]),
        ("memory growth, MiB", figures["memory_growth_mib"]),
    ]
    verdict = "; ".join(figures["broken"]) or "Everything held."
    return "\n\n".join(
        [
            heading(result),
            table(f"{result.parameters['rate']} requests a second", ("", "number"), [*counts, *others]),
            table("Time to an answer", ("", "p50 ms", "p95", "p99", "max"), rows),
            verdict,
        ]
    )

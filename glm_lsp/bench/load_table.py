"""The figures of `glm-lsp bench load` as tables."""

from __future__ import annotations

from typing import Any

from glm_lsp.bench.result import Result
from glm_lsp.bench.table import heading, table

_TITLES = {
    "paced": "At a person's pace; a key cancels the request before",
    "saturated": "The next key as soon as the answer is there",
}
_HEADER = (
    "editors", "p50 ms", "p95", "p99", "in queue", "slowest/fastest", "answers/s", "re-used",
    "answered", "cancelled", "failed", "lost", "MiB",
)  # fmt: skip


def load_table(result: Result) -> str:
    """All tables of a result, stored ones included."""
    slots = f"{result.parameters['kv_slots']} prompts stay in the engine's cache"
    tables = [
        table(title, _HEADER, [_row(count, each[manner]) for count, each in _by_editors(result)])
        for manner, title in _TITLES.items()
    ]
    return "\n\n".join([f"{heading(result)}\n{slots}", *tables])


def _by_editors(result: Result) -> list[tuple[str, dict[str, Any]]]:
    return list(result.figures["by_editors"].items())


def _row(count: str, figures: dict[str, Any]) -> tuple[object, ...]:
    latency, queue = figures["latency_ms"] or {}, figures["queue_ms"] or {}
    return (
        count, latency.get("p50"), latency.get("p95"), latency.get("p99"), queue.get("p50"),
        figures["unfairness"], figures["answers_per_s"], figures["reused_prompt_ratio"],
        figures["answered"], figures["cancelled"], figures["failed"], figures["lost"], figures["resident_mib"],
    )  # fmt: skip

"""The figures of `glm-lsp bench overhead` as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glm_lsp.bench.result import Result
from glm_lsp.bench.table import heading, table


def overhead_table(result: Result) -> str:
    """Both parts as tables, stored results included."""
    front, http = result.figures["front"], result.figures["http"]
    lines = result.parameters["lines"]
    header = ("", "p50 ms", "p95", "p99", "max")
    keys = [
        ("glm-lsp serve", front["latency_ms"]),
        ("bare pygls", front["bare_latency_ms"]),
        ("start of serve", front["start_ms"]),
        ("start of bare pygls", front["bare_start_ms"]),
    ]
    requests = [
        (f"{count} tokens, {what}", figures[name])
        for count, figures in http.items()
        for what, name in (
            ("over HTTP", "http_ms"),
            ("as a call", "call_ms"),
            ("outside the engine", "added_ms"),
        )
    ]
    return "\n\n".join(
        [
            heading(result),
            table(f"A key in a file of {lines:,} lines; the engine takes no time", header, _rows(keys)),
            table("A whole request to the engine", header, _rows(requests)),
        ]
    )


def _rows(named: Sequence[tuple[str, dict[str, Any] | None]]) -> list[tuple[object, ...]]:
    return [
        (name, *(spread[key] for key in ("p50", "p95", "p99", "max"))) for name, spread in named if spread
    ]

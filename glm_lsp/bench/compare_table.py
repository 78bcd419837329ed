"""A comparison's figures as tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glm_lsp.bench.comparison import BUCKETS, MIN_AGREEMENT, bucket_name
from glm_lsp.bench.result import Result
from glm_lsp.bench.servers import OURS
from glm_lsp.bench.table import heading, table


def compare_table(result: Result) -> str:
    """The whole comparison; a ratio above 1 says how many times as long the peer takes."""
    figures = result.figures
    work, engines = figures["work"], figures["engines"]
    about = (
        f"{work['requests']} requests of a median of {work['prompt_tokens']['p50']:g} prompt tokens, "
        f"{work['new_prompt_tokens']['p50']:g} of them new, and {work['written_tokens']['p50']:g} written"
    )
    parts = [heading(result), about, _requests(engines), _buckets(engines), _servers(figures)]
    left_out = [name for name, engine in engines.items() if not _may_be_compared(name, engine)]
    if left_out:
        parts.append(
            f"no ratio: {', '.join(left_out)} gave other answers than plain decoding to more than "
            f"{1 - MIN_AGREEMENT:.0%} of the requests"
        )
    return "\n\n".join(part for part in parts if part)


def _may_be_compared(name: str, engine: Mapping[str, Any]) -> bool:
    return engine["agreement"]["answers"] >= MIN_AGREEMENT if name == OURS else engine["ratio"] is not None


def _requests(engines: Mapping[str, Any]) -> str:
    header = (
        "whole requests", "precision", "same answers", "p50 ms", "p95 ms", "ratio p50", "ratio p95",
        "ms a token", "cold tokens/s",
    )  # fmt: skip
    rows = []
    for name, engine in engines.items():
        ratio, costs = engine["ratio"] or {}, engine["costs_ms"] or {}
        rows.append(
            (
                name,
                engine["about"]["precision"],
                f"{engine['agreement']['answers']:.1%}",
                engine["request_ms"]["p50"],
                engine["request_ms"]["p95"],
                ratio.get("p50", {}).get("value"),
                ratio.get("p95"),
                costs.get("per_token"),
                engine["cold_prefill_tokens_per_s"],
            )
        )
    return table("", header, rows)


def _buckets(engines: Mapping[str, Any]) -> str:
    names = [bucket_name(low, high) for low, high in BUCKETS]
    found = {name: engine["request_ms_by_new_tokens"] for name, engine in engines.items()}
    present = [name for name in names if any(name in of_these for of_these in found.values())]
    rows = [
        (engine, *(of_these.get(name, {}).get("p50") for name in present))
        for engine, of_these in found.items()
    ]
    return table("", ("p50 ms by new prompt tokens", *present), rows)


def _servers(figures: Mapping[str, Any]) -> str:
    """What only servers that time themselves, or have room for long prompts, are asked for."""
    long, steps = figures["keystroke_ms_by_prompt_tokens"], figures["raw_step_ms"]
    lengths = list(long)
    header = ("", "one step, ms", *(f"key at {length}, ms" for length in lengths))
    rows = [(name, ms, *(long[length].get(name) for length in lengths)) for name, ms in steps.items()]
    return table("", header, rows) if len(rows) > 1 else ""

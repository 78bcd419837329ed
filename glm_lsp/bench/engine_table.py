"""The figures of `glm-lsp bench engine` as tables."""

from __future__ import annotations

from typing import Any

from glm_lsp.bench.first_token import ANSWER_TOKENS
from glm_lsp.bench.result import Result
from glm_lsp.bench.table import heading, table


def engine_table(result: Result) -> str:
    """All tables of a result, stored ones included."""
    figures, tokens = result.figures, result.parameters.get("answer_tokens", ANSWER_TOKENS)
    parts = [
        heading(result),
        _first_tokens(
            "From the request to the first token, by prompt tokens", figures["first_token"], tokens
        ),
        _pauses(figures["after_pause"]),
        _decode(figures["decode"]),
        _verification(figures["verification"]),
        _starts(figures["start"]),
    ]
    if graphs := figures.get("graphs"):
        parts.append(_graphs(graphs, figures["device"]))
    # Results stored by earlier versions have no such figures.
    if "stream" in figures:
        parts += [_others(figures), *_endurance(figures["endurance"])]
    if long := figures["long_prompts"]:
        parts.append(_first_tokens("The same weights with room for long prompts", long, tokens))
        parts.append(_growth(long["growth"], tokens))
    return "\n\n".join(parts)


def _first_tokens(title: str, figures: dict[str, Any], answer_tokens: int) -> str:
    header = (
        "prompt",
        "new ms",
        "p95",
        "tokens/s",
        "cached ms",
        "p95",
        "new/cached",
        f"{answer_tokens} tokens ms",
    )
    rows = [
        (
            length,
            _p(each["cold_ms"], "p50"), _p(each["cold_ms"], "p95"), each["prefill_tokens_per_s"],
            _p(each["warm_ms"], "p50"), _p(each["warm_ms"], "p95"), each["cold_over_warm"]["value"],
            _p(each["answer_ms"], "p50"),
        )
        for length, each in figures["by_prompt"].items()
    ]  # fmt: skip
    return table(title, header, rows)


def _pauses(figures: dict[str, Any]) -> str:
    title = f"{ANSWER_TOKENS} tokens behind {figures['prompt_tokens']}, all but two cached, after a pause"
    rows = [
        (pause, _p(each["answer_ms"], "p50"), _p(each["answer_ms"], "p95"), _p(each["prefill_ms"], "p50"))
        for pause, each in figures["by_pause_ms"].items()
    ]
    return table(title, ("pause ms", "answer ms", "p95", "of it reading"), rows)


def _decode(figures: dict[str, Any]) -> str:
    title = (
        f"A step of one token: reads {figures['weight_bytes'] / 1e6:.1f} MB of weights and "
        f"{figures['kv_token_bytes'] / 1e3:.1f} kB of cache for each token before it; "
        f"memory {figures['memory_gb_s']:.0f} GB/s, caches {figures['resident_gb_s']:.0f} GB/s"
    )
    header = ("before", "step ms", "p95", "floor, memory", "times", "floor, caches", "times")
    rows = [
        (
            past,
            _p(each["step_ms"], "p50"), _p(each["step_ms"], "p95"),
            each["memory_floor_ms"], each["over_memory_floor"],
            each["resident_floor_ms"], each["over_resident_floor"],
        )
        for past, each in figures["by_past"].items()
    ]  # fmt: skip
    return table(title, header, rows)


def _verification(figures: dict[str, Any]) -> str:
    rows = [
        (number, _p(each["step_ms"], "p50"), each["over_single"]["value"], _interval(each["over_single"]))
        for number, each in figures["by_tokens"].items()
    ]
    title = f"A step that checks several tokens behind {figures['past']}"
    return table(title, ("tokens", "ms", "steps of one", "95 %"), rows)


def _graphs(figures: dict[str, Any], report: dict[str, Any]) -> str:
    rows = [
        (
            past, _p(each["captured_ms"], "p50"), _p(each["launched_ms"], "p50"),
            each["launched_over_captured"]["value"], _interval(each["launched_over_captured"]),
        )
        for past, each in figures["by_past"].items()
    ]  # fmt: skip
    why_not = f" (none was captured: {report['why_no_graphs']})" if report["why_no_graphs"] else ""
    title = f"A step of one token with CUDA graphs{why_not} and without"
    return table(title, ("before", "with ms", "without ms", "times", "95 %"), rows)


def _starts(figures: dict[str, Any]) -> str:
    rows = [
        (name, _p(figures[key], "p50"), _p(figures[key], "max"))
        for name, key in (
            ("ready, ms", "ready_ms"),
            ("first completion, ms", "first_completion_ms"),
            ("memory then, MiB", "resident_mib"),
        )
    ]
    return table("A fresh engine process", ("from its start to", "p50", "max"), rows)


def _others(figures: dict[str, Any]) -> str:
    stream, cancel = figures["stream"], figures["cancel"]
    tokens = f"{stream['tokens']} tokens behind {stream['prompt_tokens']}"
    rows: list[tuple[object, ...]] = [
        (f"{tokens}: tokens/s", _p(stream["tokens_per_s"], "p50"), None, None),
        (f"{tokens}: characters of code/s", _p(stream["chars_per_s"], "p50"), None, None),
    ]
    rows += [
        (
            f"from a cancel while {phase} to the last word, ms",
            *(_p(each, name) for name in ("p50", "p99", "max")),
        )
        for phase, each in cancel["by_phase"].items()
    ]
    rows += [(f"memory of the {kind}, MiB", mib, None, None) for kind, mib in figures["memory_mib"].items()]
    return table("Long answers, cancelled requests, memory", ("", "p50", "p99", "max"), rows)


def _endurance(figures: dict[str, Any]) -> list[str]:
    if not figures["requests"]:
        return []
    rows = [(kind, grown, figures["last_mib"][kind]) for kind, grown in figures["growth_mib"].items()]
    title = f"Memory over {figures['requests']:,} requests in {figures['seconds']:.0f} s, MiB"
    return [table(title, ("of", "grown after the first fifth", "at the end"), rows)]


def _growth(figures: dict[str, Any], answer_tokens: int) -> str:
    rows: list[tuple[object, ...]] = [
        (name, each["value"], _interval(each))
        for name, key in (
            ("first token", "first_token"),
            (f"{answer_tokens} tokens", "answer"),
            ("step", "step"),
        )
        if (each := figures[key])
    ]
    rows.append(("floor of a step", figures["step_floor"], ""))
    title = "Cached, behind the longest of these prompts, in times of the shortest"
    return table(title, ("", "times", "95 %"), rows)


def _p(distribution: dict[str, float] | None, name: str) -> float | None:
    return distribution[name] if distribution else None


def _interval(estimate: dict[str, float]) -> str:
    return f"{estimate['low']:.2f} to {estimate['high']:.2f}"

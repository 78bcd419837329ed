"""The goals for a GPU of the H200's class and a model of 6B, and whether results meet them.

A prompt of 2,048 tokens, answers of up to 16. What is asked of a model's answers (P7, P11) is read off the starter, as
random weights have nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Results = Mapping[str, Mapping[str, Any]]

MAIN_SHAPE = "6b"
PROMPT, LONG_PROMPT = "2048", "8192"
FLAT_MIB = 16.0
"""Growth of memory that is none: pages come and go."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal; `is_met` is None without figures, `found` says them."""

    name: str
    says: str
    is_met: bool | None
    found: str


@dataclass(frozen=True, slots=True)
class _Bound:
    """One figure and what it has to be."""

    label: str
    value: float
    limit: float
    is_most: bool = True

    @property
    def holds(self) -> bool:
        return self.value <= self.limit if self.is_most else self.value >= self.limit

    def __str__(self) -> str:
        value = f"{self.value:,.0f}" if abs(self.value) >= 100 else f"{self.value:.3g}"
        return f"{self.label} {value}"


def judge(results: Results, shape: str = MAIN_SHAPE) -> list[Goal]:
    """Every goal; results of another shape may stand for the main one in a rehearsal."""
    return [_goal(name, says, bounds, results, shape) for name, says, bounds in _GOALS]


def _goal(
    name: str, says: str, bounds: Callable[[Results, str], list[_Bound]], results: Results, shape: str
) -> Goal:
    try:
        found = bounds(results, shape)
    except (KeyError, TypeError, StopIteration):
        return Goal(name, says, None, "")
    if not found:
        return Goal(name, says, None, "")
    return Goal(name, says, all(bound.holds for bound in found), ", ".join(map(str, found)))


def _most(label: str, value: float, limit: float) -> _Bound:
    return _Bound(label, value, limit)


def _least(label: str, value: float, limit: float) -> _Bound:
    return _Bound(label, value, limit, is_most=False)


def _engine(results: Results, shape: str, precision: str = "int4") -> Mapping[str, Any]:
    figures: Mapping[str, Any] = results[f"engine-{shape}-{precision}"]["figures"]
    return figures


def _at(results: Results, shape: str, length: str = PROMPT) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _engine(results, shape)["first_token"]["by_prompt"][length]
    return found


def _cached(results: Results, shape: str) -> list[_Bound]:
    sources = results[f"typing-{shape}-int4"]["figures"]["latency_by_source_ms"]
    there = [(name, sources[name]) for name in ("typed-through", "cache") if sources.get(name)]
    return [
        bound
        for name, each in there
        for bound in (_most(f"{name} p50", each["p50"], 1), _most("p99", each["p99"], 5))
    ]


def _first(results: Results, shape: str) -> list[_Bound]:
    each = _at(results, shape)["warm_ms"]
    return [_most("p50", each["p50"], 15), _most("p95", each["p95"], 30)]


def _answer(results: Results, shape: str) -> list[_Bound]:
    each = _at(results, shape)["answer_ms"]
    return [_most("p50", each["p50"], 60), _most("p95", each["p95"], 100)]


def _cold(results: Results, shape: str) -> list[_Bound]:
    return [_most("p50", _at(results, shape)["cold_ms"]["p50"], 120)]


def _gain(results: Results, shape: str) -> list[_Bound]:
    return [
        _least(f"at {length}", _at(results, shape, length)["cold_over_warm"]["value"], limit)
        for length, limit in ((PROMPT, 10), (LONG_PROMPT, 30))
    ]


def _reused(results: Results, shape: str) -> list[_Bound]:
    return [_least("ratio", results[f"typing-{shape}-int4"]["figures"]["reused_prompt_ratio"], 0.95)]


def _without_model(results: Results, _shape: str) -> list[_Bound]:
    sources = results["typing-starter"]["figures"]["latency_by_source_ms"]
    counts = {name: each["count"] for name, each in sources.items() if each and name != "none"}
    return [_least("share", 1 - counts.get("model", 0) / sum(counts.values()), 0.4)]


def _floor(results: Results, shape: str) -> list[_Bound]:
    found = []
    for precision, limit in (("fp16", 0.6), ("int4", 0.35)):
        step = _engine(results, shape, precision)["decode"]["by_past"][PROMPT]
        found.append(_least(precision, step["memory_floor_ms"] / step["step_ms"]["p50"], limit))
    return found


def _peers(results: Results, shape: str) -> list[_Bound]:
    """Whole answers in fp16, each as fast as it can be without and with the cache of the request before."""
    ours = _engine(results, shape, "fp16")["first_token"]["by_prompt"][PROMPT]["answer_ms"]["p50"]
    times = results[f"peer-{shape}"]["by_prompt"][PROMPT]
    found = [_least("transformers", times["answer_ms"] / ours, 3)]
    found.append(_least("with its cache kept", times["cached_answer_ms"] / ours, 3))
    if compiled := results.get(f"peer-compiled-{shape}"):
        found.append(_least("compiled", compiled["by_prompt"][PROMPT]["answer_ms"] / ours, 3))
    return found


def _cancel(results: Results, shape: str) -> list[_Bound]:
    figures = _engine(results, shape)
    step = figures["decode"]["by_past"][PROMPT]["step_ms"]["p50"]
    phases = figures["cancel"]["by_phase"]
    return [_most(f"{phase} p99", each["p99"], step + 5) for phase, each in phases.items()]


def _guessing(results: Results, _shape: str) -> list[_Bound]:
    limits = {"docstrings": 1.5, "edits": 1.5, "typing": 0.97}
    figures = results["speculation-starter"]["figures"]
    return [_least(kind, figures[kind]["speedup"]["value"], limit) for kind, limit in limits.items()]


def _stream(results: Results, shape: str) -> list[_Bound]:
    return [_least("p50", _engine(results, shape)["stream"]["chars_per_s"]["p50"], 1000)]


def _flat(results: Results, shape: str) -> list[_Bound]:
    grown = results[f"endurance-{shape}-int4"]["figures"]["endurance"]["growth_mib"]
    return [_most(f"{kind} MiB", value, FLAT_MIB) for kind, value in grown.items() if value is not None]


def _suite(results: Results, _shape: str) -> list[_Bound]:
    suite = results["suite"]
    found = [_most("failed", suite["failed"], 0), _least("passed", suite["passed"], 1)]
    return [*found, _most("cut off", 1, 0)] if suite["cut_off"] else found


_GOALS: tuple[tuple[str, str, Callable[[Results, str], list[_Bound]]], ...] = (
    ("tests", "all tests that need a GPU pass", _suite),
    ("P1", "what was typed through or is in the cache: p50 at most 1 ms, p99 at most 5", _cached),
    ("P2", "first token of a cached prompt: p50 at most 15 ms, p95 at most 30", _first),
    ("P3", "its whole answer: p50 at most 60 ms, p95 at most 100", _answer),
    ("P4", "first token of a new prompt: p50 at most 120 ms", _cold),
    ("P5", "new over cached: at least 10 at 2,048 tokens, 30 at 8,192", _gain),
    ("P6", "prompt tokens that were in the KV cache: at least 95 %", _reused),
    ("P7", "suggestions without a run of the model: at least 40 % (starter)", _without_model),
    ("P8", "speed of a step: at least 60 % of the floor's in fp16, 35 % in int4", _floor),
    ("P9", "transformers on the same shape: at least 3 times slower", _peers),
    ("P10", "from a cancel until the engine is free: p99 at most a step and 5 ms", _cancel),
    ("P11", "guessing: 1.5 times as fast in docstrings and edits, never below 0.97 (starter)", _guessing),
    ("P12", "a long answer: at least 1,000 characters of code a second", _stream),
    ("memory", f"over 10,000 requests: grown by at most {FLAT_MIB:.0f} MiB", _flat),
)

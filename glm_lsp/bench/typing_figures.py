"""What a replay amounts to: latency, re-use, and how much of what was suggested was worth it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from glm_lsp.bench.distribution import distribution
from glm_lsp.bench.replay import CANCELLED_CODES, Keystroke, Replay
from glm_lsp.bench.result import Result, Series
from glm_lsp.bench.soundness import Fault
from glm_lsp.bench.table import heading, table
from glm_lsp.bench.trace.typist import Deed
from glm_lsp.bench.window import ColdStart
from glm_lsp.engine.http.metrics import PREFIX

WITHIN_MS = (5, 10, 20, 30, 50, 100)
NOBODY = "none"
"""The source of an answer for which neither the model nor what it had written before was asked."""
_STRETCH = 25
"""Requests of the model behind one point of the curve of re-use."""


def typing_figures(replay: Replay, cold_start: ColdStart, counted: Mapping[str, float]) -> dict[str, Any]:
    """All figures of a replay; docs/benchmarks.md says what each means. None stands for one that cannot be told.

    Args:
        counted: by how much the engine's metrics have grown: they know of cancelled requests, too.
    """
    keystrokes = replay.keystrokes
    answered = [stroke for stroke in keystrokes if _is_answered(stroke)]
    asked = [stroke for stroke in answered if _source(stroke) == "model"]
    at_keys = [stroke for stroke in answered if stroke.deed.is_key]
    keys = sum(stroke.deed.is_key for stroke in keystrokes)
    shown = sum(stroke.is_new and stroke.deed is not Deed.LOOK for stroke in keystrokes)
    taken = [number for number, stroke in enumerate(keystrokes) if stroke.deed is Deed.TAKE]
    chars = sum(stroke.num_chars for stroke in keystrokes)
    kept = sum(keystrokes[number].num_chars for number in taken)
    typed_through = sum(_source(stroke) == "typed-through" for stroke in at_keys)
    generated = round(counted.get(f"{PREFIX}engine_completion_tokens_total", 0))
    flickers = replay.screen.num_replaced + replay.screen.num_back
    return {
        "latency_ms": distribution(_times(at_keys)),
        "latency_by_source_ms": {name: distribution(times) for name, times in by_source(at_keys).items()},
        "latency_at_moves_ms": distribution(_times([each for each in answered if not each.deed.is_key])),
        "answered_within": {
            f"{limit} ms": _ratio(sum(time <= limit for time in _times(at_keys)), keys) for limit in WITHIN_MS
        },
        "ttft_ms": distribution([_timing(stroke)["ttft"] for stroke in asked if _timing(stroke)]),
        "engine_ms": distribution([_timing(stroke)["total"] for stroke in asked if _timing(stroke)]),
        "reused_prompt_ratio": _reused(asked),
        "reused_prompt_ratio_at_keys": _reused([stroke for stroke in asked if stroke.deed.is_key]),
        "typed_through_ratio": _ratio(typed_through, len(at_keys)),
        "kept_chars_ratio": _ratio(kept, chars),
        "shown_precision": _ratio(len(taken), shown),
        "wasted_tokens_ratio": _ratio(generated - _used(keystrokes, taken), generated),
        "flicker_per_100_keys": _ratio(100 * flickers, keys),
        "flicker": {"replaced": replay.screen.num_replaced, "came_back": replay.screen.num_back},
        "faulty": {fault.value: replay.faults[fault] for fault in Fault},
        "requests": len(keystrokes),
        "keys": keys,
        "chars": chars,
        "answered": len(answered),
        "asked_the_model": len(asked),
        "overtaken": sum(stroke.is_overtaken for stroke in keystrokes),
        "cancelled": sum(stroke.error in CANCELLED_CODES for stroke in keystrokes),
        "errors": sum(_is_wrong(stroke) for stroke in keystrokes),
        "shown": shown,
        "taken": len(taken),
        "commands": replay.num_commands,
        "prompt_tokens": _sum(asked, "numPromptTokens"),
        "generated_tokens": generated,
        "cold_start_ms": asdict(cold_start),
        "elapsed_s": replay.elapsed_s,
    }


def typing_series(replay: Replay) -> dict[str, Series]:
    """Latency by source, and re-use along the trace."""
    at_keys = [stroke for stroke in replay.keystrokes if _is_answered(stroke) and stroke.deed.is_key]
    return {
        "latency": Series(
            kind="cdf",
            title="From a key to its answer",
            x="milliseconds",
            columns=by_source(at_keys),
            log="x",
        ),
        "reuse": _reuse(replay),
    }


def by_source(strokes: Sequence[Keystroke]) -> dict[str, list[float]]:
    """Milliseconds until every answer, by where it came from."""
    times: defaultdict[str, list[float]] = defaultdict(list)
    for stroke in strokes:
        if stroke.ms is not None:
            times[_source(stroke)].append(stroke.ms)
    return dict(sorted(times.items()))


def typing_table(result: Result) -> str:
    """The figures for people."""
    found = result.figures
    spreads = {
        "all keys": found["latency_ms"],
        **{f"  {name}": spread for name, spread in found["latency_by_source_ms"].items()},
        "after moving the cursor": found["latency_at_moves_ms"],
    }
    columns = ("count", "p50", "p95", "p99", "max")
    rows = [[name, *(spread[key] for key in columns)] for name, spread in spreads.items() if spread]
    simple = [
        [name.replace("_", " "), value]
        for name, value in found.items()
        if not isinstance(value, dict) and not name.endswith("_ms")
    ]
    starts = [[name.replace("_", " "), value] for name, value in found["cold_start_ms"].items()]
    return "\n\n".join(
        [
            heading(result),
            table("Milliseconds from a key to its answer", ("answer from", *columns), rows),
            table("Milliseconds from starting the server", ("to", "ms"), starts),
            table("Over the whole trace", ("figure", "value"), simple),
        ]
    )


def _reuse(replay: Replay) -> Series:
    stretches: list[tuple[int, int, int]] = []
    asked = [
        (number, stroke)
        for number, stroke in enumerate(replay.keystrokes, start=1)
        if _is_answered(stroke) and _source(stroke) == "model"
    ]
    for start in range(0, len(asked), _STRETCH):
        strokes = asked[start : start + _STRETCH]
        written = [stroke for _, stroke in strokes]
        stretches.append((strokes[-1][0], _sum(written, "numCachedTokens"), _sum(written, "numPromptTokens")))
    return Series(
        kind="lines",
        title=f"Prompt tokens found in the KV cache, {_STRETCH} requests a point",
        x="request",
        y="share",
        columns={
            "request": [float(number) for number, _, _ in stretches],
            "this stretch": [cached / max(1, prompt) for _, cached, prompt in stretches],
            "so far": list(_running([(cached, prompt) for _, cached, prompt in stretches])),
        },
    )


def _running(pairs: Sequence[tuple[int, int]]) -> Iterator[float]:
    above = below = 0
    for cached, prompt in pairs:
        above, below = above + cached, below + prompt
        yield above / max(1, below)


def _reused(strokes: Sequence[Keystroke]) -> float | None:
    return _ratio(_sum(strokes, "numCachedTokens"), _sum(strokes, "numPromptTokens"))


def _used(keystrokes: Sequence[Keystroke], taken: Sequence[int]) -> int:
    """Tokens of texts that were taken, if only in part."""
    writers = {writer for number in taken if (writer := _writer(keystrokes, number)) is not None}
    return sum(int(keystrokes[number].told.get("numCompletionTokens") or 0) for number in writers)


def _writer(keystrokes: Sequence[Keystroke], number: int) -> int | None:
    """The keystroke at which the model wrote what `number` took: it may have been kept or typed along since."""
    for before in range(number - 1, -1, -1):
        stroke = keystrokes[before]
        if _is_answered(stroke) and _source(stroke) not in {"typed-through", "cache"}:
            return before if _source(stroke) in {"model", "joined"} else None
    return None


def _is_answered(stroke: Keystroke) -> bool:
    return stroke.ms is not None and stroke.error is None and not stroke.is_overtaken


def _is_wrong(stroke: Keystroke) -> bool:
    return stroke.error is not None and stroke.error not in CANCELLED_CODES


def _source(stroke: Keystroke) -> str:
    return stroke.told.get("source") or NOBODY


def _timing(stroke: Keystroke) -> dict[str, float]:
    return stroke.told.get("timingMs") or {}


def _times(strokes: Sequence[Keystroke]) -> list[float]:
    return [stroke.ms for stroke in strokes if stroke.ms is not None]


def _sum(strokes: Sequence[Keystroke], key: str) -> int:
    return sum(int(stroke.told.get(key) or 0) for stroke in strokes)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None

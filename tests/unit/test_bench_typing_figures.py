"""What a replay amounts to."""

from __future__ import annotations

from typing import Any

import pytest

from glm_lsp.bench.environment import Environment
from glm_lsp.bench.replay import Keystroke, Replay
from glm_lsp.bench.result import Result, new_result
from glm_lsp.bench.screen import Screen
from glm_lsp.bench.trace.typist import Deed
from glm_lsp.bench.typing import flat_json, parse_speed
from glm_lsp.bench.typing_figures import typing_figures, typing_series, typing_table
from glm_lsp.bench.window import ColdStart
from glm_lsp.errors import InputError

COLD = ColdStart(initialize=1.0, ready=2.0, first_completion=3.0)
COUNTED = {"glm_lsp_engine_completion_tokens_total": 25.0}
TIMING = {"queue": 0.0, "tokenize": 0.0, "prefill": 2.0, "decode": 3.0, "ttft": 4.0, "total": 6.0}


def model(cached: int = 90, prompt: int = 100, tokens: int = 5) -> dict[str, Any]:
    return {
        "source": "model",
        "numPromptTokens": prompt,
        "numCachedTokens": cached,
        "numCompletionTokens": tokens,
        "timingMs": TIMING,
    }


def stroke(deed: Deed = Deed.KEY, ms: float | None = 1.0, told: Any = None, **more: Any) -> Keystroke:
    more = {"num_chars": 1, **more}
    return Keystroke(deed=deed, file=0, version=1, sent_at=0.0, ms=ms, told=told or {"source": None}, **more)


STROKES = [
    stroke(Deed.GO, 50.0, model(cached=0), hint="abc", is_new=True, num_chars=0),
    stroke(ms=2.0, told={"source": "typed-through"}, hint="bc"),
    stroke(Deed.TAKE, ms=20.0, told=model(tokens=7), hint="xyz", is_new=True, num_chars=2),
    stroke(ms=10.0, told=model(cached=80, tokens=8), hint="other", is_new=True),
    stroke(ms=None, is_overtaken=True),
    stroke(ms=5.0, is_overtaken=True, error=-32800),
    stroke(ms=3.0, error=-32603),
    stroke(Deed.LOOK, 40.0, model(cached=0, tokens=0), hint="there", is_new=True, num_chars=0),
    stroke(Deed.BACK, 0.5, num_chars=0),
]


@pytest.fixture
def replay() -> Replay:
    return Replay(STROKES, Screen(num_shown=4, num_replaced=1, num_back=2), elapsed_s=9.0, num_commands=1)


@pytest.fixture
def figures(replay: Replay) -> dict[str, Any]:
    return typing_figures(replay, COLD, COUNTED)


def test_latency_is_of_keys_that_were_answered(figures: dict[str, Any]) -> None:
    assert figures["latency_ms"].count == 4
    assert figures["latency_ms"].max == 20.0
    assert figures["latency_at_moves_ms"].count == 2
    by_source = {name: spread.count for name, spread in figures["latency_by_source_ms"].items()}
    assert by_source == {"model": 2, "typed-through": 1, "none": 1}
    assert figures["ttft_ms"].p50 == 4.0
    assert figures["engine_ms"].p50 == 6.0


def test_overtaken_keys_count_as_not_answered_in_time(figures: dict[str, Any]) -> None:
    assert figures["keys"] == 7
    assert figures["answered_within"] == {
        "5 ms": 2 / 7, "10 ms": 3 / 7, "20 ms": 4 / 7, "30 ms": 4 / 7, "50 ms": 4 / 7, "100 ms": 4 / 7,
    }  # fmt: skip


def test_reuse_is_of_requests_that_ran_the_model(figures: dict[str, Any]) -> None:
    assert figures["reused_prompt_ratio"] == 170 / 400
    assert figures["reused_prompt_ratio_at_keys"] == 170 / 200
    assert figures["asked_the_model"] == 4
    assert figures["typed_through_ratio"] == 1 / 4


def test_worth_of_what_was_shown(figures: dict[str, Any]) -> None:
    assert figures["kept_chars_ratio"] == 2 / 7
    assert (figures["shown"], figures["taken"]) == (3, 1), "what is only looked at cannot be taken"
    assert figures["shown_precision"] == 1 / 3
    assert figures["flicker_per_100_keys"] == pytest.approx(300 / 7)
    assert figures["flicker"] == {"replaced": 1, "came_back": 2}


def test_tokens_of_a_hint_that_was_typed_along_and_taken_are_not_wasted(figures: dict[str, Any]) -> None:
    assert figures["generated_tokens"] == 25, "what the engine has counted: of cancelled requests, too"
    assert figures["wasted_tokens_ratio"] == 20 / 25


def test_tokens_of_a_hint_out_of_the_cache_are_not_counted_twice() -> None:
    strokes = [
        stroke(told=model()),
        stroke(told={"source": "cache"}),
        stroke(Deed.TAKE, told={"source": "cache"}),
        stroke(Deed.TAKE, told={"source": None}),
    ]
    assert typing_figures(Replay(strokes, Screen()), COLD, COUNTED)["wasted_tokens_ratio"] == 20 / 25


def test_outcomes_are_counted(figures: dict[str, Any]) -> None:
    counts = {name: figures[name] for name in ("requests", "answered", "overtaken", "cancelled", "errors")}
    assert counts == {"requests": 9, "answered": 6, "overtaken": 2, "cancelled": 1, "errors": 1}


def test_replay_of_nothing_has_no_figures_rather_than_wrong_ones() -> None:
    figures = typing_figures(Replay([], Screen()), COLD, {})
    for name in ("latency_ms", "ttft_ms", "reused_prompt_ratio", "kept_chars_ratio", "shown_precision"):
        assert figures[name] is None
    assert typing_series(Replay([], Screen()))["reuse"].columns["request"] == []


def test_series_hold_samples_and_reuse(replay: Replay) -> None:
    series = typing_series(replay)
    assert series["latency"].columns == {"model": [20.0, 10.0], "none": [0.5], "typed-through": [2.0]}
    reuse = series["reuse"].columns
    assert reuse == {"request": [8.0], "this stretch": [170 / 400], "so far": [170 / 400]}


@pytest.fixture
def result(figures: dict[str, Any], replay: Replay) -> Result:
    environment = Environment(
        processor="fast", cores=2, cache_mib=None, memory_mib=None, system="", python="", onnxruntime="1",
        glm_lsp="0", commit="abc", model="starter", model_hash="", precision="int8", device="cpu", threads=2,
        date="2026-11-22T00:00:00", load_average=None, busy_share=None,
    )  # fmt: skip
    return new_result("typing", environment, parameters={}, figures=figures, series=typing_series(replay))


def test_json_has_what_scripts_look_for_at_the_top(result: Result) -> None:
    found = flat_json(result)
    assert found["latency_ms"].keys() >= {"p50", "p95", "p99", "max"}
    assert (found["machine"], found["model"], found["commit"]) == ("fast", "starter", "abc")
    for name in (
        "ttft_ms", "reused_prompt_ratio", "typed_through_ratio", "kept_chars_ratio", "shown_precision", "requests"
    ):  # fmt: skip
        assert found[name] is not None
    assert found["figures"]["requests"] == found["requests"]


def test_table_shows_latency_start_and_ratios(result: Result) -> None:
    text = typing_table(result)
    assert "bench typing: starter int8 on cpu" in text
    for name in (
        "all keys",
        "  typed-through",
        "after moving the cursor",
        "first completion",
        "shown precision",
    ):
        assert name in text


@pytest.mark.parametrize(("text", "speed"), [("max", None), ("1", 1.0), ("0.5", 0.5), ("1000", 1000.0)])
def test_speed_is_a_factor_or_max(text: str, speed: float | None) -> None:
    assert parse_speed(text) == speed


@pytest.mark.parametrize("text", ["", "fast", "0", "-1", "nan", "inf", "1e9"])
def test_other_speeds_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a speed"):
        parse_speed(text)

"""The gates' arithmetic, the card's text and the comparison of figures, without a model."""

from __future__ import annotations

import math
from typing import Any

import pytest

from glm_lsp.errors import ReleaseGateError
from glm_lsp.evaluate.agreement import Agreement
from glm_lsp.train.release.check import compare
from glm_lsp.train.release.gates import Choice, choose, complaint
from glm_lsp.train.release.metrics import PrecisionMetrics


def measured(
    precision: str, tokens: float | None, change: float = 0.0, *, prompts: int = 200
) -> PrecisionMetrics:
    agreement = None if tokens is None else Agreement(tokens, tokens, tokens, prompts, 1000)
    return PrecisionMetrics(
        precision=precision,
        accuracy_level=4,
        bits_per_byte=1 + change,
        bits_per_byte_change=change,
        weight_bytes=1000,
        ms_per_token=1.0,
        agreement=agreement,
    )


@pytest.mark.parametrize(
    ("precision", "tokens", "change", "passes"),
    [
        ("int8", 0.97, 0.01, True),
        ("int8", 0.9699, 0.0, False),
        ("int8", 1.0, 0.0101, False),
        ("int8", 1.0, -0.05, True),
        ("int8", math.nan, 0.0, False),
        ("int8", 1.0, math.nan, False),
        ("int8", None, 0.0, False),
        ("int4", 0.95, 0.03, True),
        ("int4", 0.9499, 0.0, False),
        ("fp32", None, 0.0, True),
    ],
)
def test_gates_close_exactly_at_their_figures(
    precision: str, tokens: float | None, change: float, passes: bool
) -> None:
    assert (complaint(measured(precision, tokens, change)) == "") == passes


def test_few_prompts_open_no_gate() -> None:
    assert "199 prompts" in complaint(measured("int4", 1.0, prompts=199))
    assert complaint(measured("int4", 1.0, prompts=200)) == ""


def test_a_complaint_has_the_figures() -> None:
    text = complaint(measured("int8", 0.912, 0.0213))
    for figure in ("91.20%", "1000 tokens", "97%", "+0.0213", "1.0213", "0.01"):
        assert figure in text


@pytest.mark.parametrize(
    ("wanted", "int8", "int4", "chosen"),
    [
        ("auto", 0.99, 0.99, "int8"),
        ("auto", 0.5, 0.99, "fp32"),
        ("int4", 0.99, 0.96, "int4"),
        ("fp32", 0.1, 0.1, "fp32"),
        ("int8", 0.96, 0.99, None),
        ("int4", 0.99, 0.94, None),
    ],
)
def test_what_is_released(wanted: Choice, int8: float, int4: float, chosen: str | None) -> None:
    exports = {
        "fp32": measured("fp32", None),
        "int8": measured("int8", int8),
        "int4": measured("int4", int4),
    }
    if chosen is None:
        with pytest.raises(ReleaseGateError, match=f"{wanted} is not released"):
            choose(wanted, exports)
    else:
        assert choose(wanted, exports).precision == chosen


@pytest.mark.parametrize(
    ("name", "stated", "found", "holds"),
    [
        ("bits_per_byte", 1.1, 1.1049, True),
        ("bits_per_byte", 1.1, 1.1051, False),
        ("bits_per_byte_middle", 1.1, 1.12, False),
        ("exact_match", 0.3, 0.309, True),
        ("exact_match", 0.3, 0.311, False),
        ("tasks", 500, 499, False),
        ("perplexity", 17.0, 17.4, True),
        ("bleu", 12.0, 12.2, True),
        ("bleu", 12.0, 12.3, False),
        ("items_total", 8, 9, False),
        ("count", 500, 499, False),
        (
            "exact_match",
            {"value": 0.3, "low": 0.2, "high": 0.4},
            {"value": 0.3, "low": 0.2, "high": 0.405},
            True,
        ),
        (
            "bits_per_byte",
            {"value": 1.1, "low": 1.0, "high": 1.2},
            {"value": 1.11, "low": 1, "high": 1.2},
            False,
        ),
        ("exact_match", 0.3, math.nan, False),
    ],
)
def test_figures_hold_within_their_tolerance(name: str, stated: Any, found: Any, holds: bool) -> None:
    figures = compare("x", {"deep": {name: stated}}, {"deep": {name: found}})
    assert len(figures) == (3 if isinstance(stated, dict) else 1)
    assert all(one.holds for one in figures) == holds


@pytest.mark.parametrize("name", ["latency_ms", "ms_per_token", "wall_seconds", "tokens_per_second"])
def test_times_are_not_compared(name: str) -> None:
    assert compare("x", {name: 5.0}, {name: 50.0}) == []


def test_a_figure_that_is_gone_does_not_hold() -> None:
    found: dict[str, Any] = {"exact_match": {"nested": 1}}
    (one,) = compare("x", {"exact_match": 0.5, "text": "words", "flag": True}, found)
    assert not one.holds

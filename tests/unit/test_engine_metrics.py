"""Prometheus' text format."""

from __future__ import annotations

import re

from glm_lsp.engine.http.metrics import render_metrics


def test_counters_end_in_total_and_gauges_do_not() -> None:
    text = render_metrics({"requests": 3.0, "seconds_total": 0.25}, {"uptime_seconds": 12.5})
    assert text == (
        "# TYPE glm_lsp_requests_total counter\n"
        "glm_lsp_requests_total 3\n"
        "# TYPE glm_lsp_seconds_total counter\n"
        "glm_lsp_seconds_total 0.25\n"
        "# TYPE glm_lsp_uptime_seconds gauge\n"
        "glm_lsp_uptime_seconds 12.5\n"
    )


def test_large_counts_stay_exact() -> None:
    assert "glm_lsp_tokens_total 123456789012\n" in render_metrics({"tokens": 123456789012.0}, {})


def test_names_are_made_to_fit() -> None:
    text = render_metrics({"finish-stop/now": 1.0}, {})
    assert re.fullmatch(r"# TYPE [a-zA-Z0-9_]+ counter\n[a-zA-Z0-9_]+ 1\n", text)

"""`GET /metrics`: counters and gauges in Prometheus' text format. Nothing is sent anywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "glm_lsp_"


def render_metrics(counters: Mapping[str, float], gauges: Mapping[str, float]) -> str:
    """One `TYPE` line and one sample for each value, sorted by name. Counters get Prometheus' `_total`."""
    lines: list[str] = []
    for name, value in sorted(counters.items()):
        metric = _metric_name(name)
        lines += _sample(metric if metric.endswith("_total") else f"{metric}_total", "counter", value)
    for name, value in sorted(gauges.items()):
        lines += _sample(_metric_name(name), "gauge", value)
    return "\n".join(lines) + "\n"


def _metric_name(name: str) -> str:
    return PREFIX + re.sub(r"[^a-zA-Z0-9_]", "_", name)


def _sample(metric: str, kind: str, value: float) -> list[str]:
    return [f"# TYPE {metric} {kind}", f"{metric} {value:.15g}"]

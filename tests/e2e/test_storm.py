"""Far more requests than can be answered, through the real server and the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from glm_lsp.bench.storm import bench_storm
from glm_lsp.config import Settings
from tests.tiny_model import tiny_model

TIMING = ("cancelled requests were answered late", "the last answers took")
"""What a machine that others use as well may miss; all else holds on any."""


def test_a_short_storm(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path)
    result = bench_storm(Settings(model=str(folder.path), threads=1), seconds=3)
    figures = result.figures
    assert [complaint for complaint in figures["broken"] if not complaint.startswith(TIMING)] == []
    assert figures["requests"] > 600
    assert figures["answers"]["cancelled"] > 0
    # It was a storm: few of the requests lived to be answered with a suggestion, and yet the last one did.
    assert figures["last_ms"]["p50"] < 5000


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_minute_of_storms() -> None:
    figures = bench_storm(Settings(), seconds=60).figures
    assert figures["requests"] > 12_000
    assert figures["broken"] == []

"""Pictures of a result."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest

from glm_lsp.bench.plots import draw, picture
from glm_lsp.bench.result import Series
from glm_lsp.errors import StorageError
from tests.unit.test_bench_result import result

CDF = Series(kind="cdf", title="Latency", x="ms", columns={"model": [4.0, 1.0], "none": []}, log="x")
LINES = Series(
    kind="lines",
    title="First token",
    x="prompt tokens",
    y="ms",
    columns={"prompt tokens": [32, 64], "cold": [5.0, 9.0]},
)
BARS = Series(
    kind="bars",
    title="Peers",
    x="",
    y="ms",
    columns={"p50": [1.0, 2.0], "p95": [3.0, 4.0]},
    labels=["we", "they"],
)


def test_every_series_becomes_two_pictures(tmp_path: Path) -> None:
    many = msgspec.structs.replace(result(), series={"a": CDF, "b": LINES, "c": BARS})
    written = draw(many, tmp_path / "new", "r")
    assert sorted(path.name for path in written) == [
        "r-a.png", "r-a.svg", "r-b.png", "r-b.svg", "r-c.png", "r-c.svg",
    ]  # fmt: skip
    for path in written:
        magic = b"\x89PNG" if path.suffix == ".png" else b"<?xml"
        assert path.read_bytes().startswith(magic)


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (draw(result(), tmp_path / name, "r")[0].read_bytes() for name in "ab")
    assert first == second


def test_a_distribution_rises_to_one_through_its_samples() -> None:
    axes = picture(CDF).axes[0]
    (line,) = axes.get_lines()
    assert np.asarray(line.get_xdata()).tolist() == [1.0, 4.0]
    assert np.asarray(line.get_ydata()).tolist() == [0.5, 1.0]
    assert line.get_label() == "model (2)"
    assert axes.get_xscale() == "log"
    assert axes.xaxis.get_major_formatter()(100.0) == "100"


def test_lines_lie_over_their_x_column() -> None:
    axes = picture(LINES).axes[0]
    (line,) = axes.get_lines()
    assert np.asarray(line.get_xdata()).tolist() == [32, 64]
    assert (line.get_label(), axes.get_xlabel(), axes.get_ylabel()) == ("cold", "prompt tokens", "ms")


def test_bars_stand_side_by_side_in_labelled_groups() -> None:
    axes = picture(BARS).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["we", "they"]
    assert [bar.get_height() for bar in axes.patches] == [1.0, 2.0, 3.0, 4.0]
    spans = sorted((bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches)
    assert all(end <= start + 1e-9 for (_, end), (start, _) in pairwise(spans))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        draw(result(), tmp_path / "file", "r")

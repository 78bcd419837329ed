"""Draws the series of a result. The only module that imports matplotlib, and only when something is drawn."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glm_lsp.bench.result import Result, Series
from glm_lsp.errors import InputError
from glm_lsp.paths import storage_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("svg", "png")

_SIZE_INCHES = (7.0, 4.0)
_DPI = 144
_PLAIN = "{x:g}"
_DENSE = 60
"""Points of a line from which on each gets no mark."""


def check_drawing() -> None:
    """To be called before anything is measured.

    Raises:
        InputError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise InputError(
            "plots need matplotlib, which is not installed",
            "Install it: pip install 'glm-lsp[bench]'; or draw a stored result later with `glm-lsp bench plot`.",
        )


def draw(result: Result, folder: Path, stem: str) -> list[Path]:
    """Draws every series into `folder / STEM-NAME.svg` and `.png`; returns what was written.

    Raises:
        InputError: matplotlib is not installed.
        StorageError: a file cannot be written.
    """
    check_drawing()
    import matplotlib as mpl  # noqa: PLC0415

    about = result.environment
    footer = f"{about.model} {about.precision}, {about.threads} threads, {about.processor}, {about.date[:10]}"
    written = []
    # A fixed salt and no date: the same result gives the same bytes.
    with mpl.rc_context({"svg.hashsalt": "glm-lsp", "font.size": 9, "axes.spines.top": False}):
        for name, series in result.series.items():
            figure = picture(series, footer)
            for kind in FORMATS:
                path = folder / f"{stem}-{name}.{kind}"
                try:
                    folder.mkdir(parents=True, exist_ok=True)
                    figure.savefig(path, dpi=_DPI, metadata={"Date": None} if kind == "svg" else None)
                except OSError as error:
                    raise storage_error(path, error) from error
                written.append(path)
    return written


def picture(series: Series, footer: str = "") -> Figure:
    """One series as a figure."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    {"cdf": _cdf, "lines": _lines, "bars": _bars}[series.kind](axes, series)
    if "x" in series.log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(_PLAIN)
    if "y" in series.log:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(_PLAIN)
    else:
        axes.set_ylim(bottom=0)
    axes.set_title(series.title, loc="left")
    axes.set_xlabel(series.x)
    axes.grid(visible=True, alpha=0.3)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(frameon=False)
    figure.text(0.995, 0.005, footer, ha="right", va="bottom", fontsize=6, alpha=0.6)
    return figure


def _cdf(axes: Axes, series: Series) -> None:
    for name, samples in series.columns.items():
        if samples:
            values = np.sort(np.asarray(samples, np.float64))
            shares = np.arange(1, values.size + 1) / values.size
            axes.step(values, shares, where="post", label=f"{name} ({values.size})")
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("share of samples")


def _lines(axes: Axes, series: Series) -> None:
    for name, values in series.columns.items():
        if name != series.x:
            marker = "o" if len(values) <= _DENSE else ""
            axes.plot(series.columns[series.x], values, marker=marker, markersize=3, label=name)
    axes.set_ylabel(series.y)


def _bars(axes: Axes, series: Series) -> None:
    groups = np.arange(len(series.labels))
    width = 0.8 / max(1, len(series.columns))
    for place, (name, values) in enumerate(series.columns.items()):
        bars = axes.bar(groups - 0.4 + (place + 0.5) * width, values, width, label=name)
        axes.bar_label(bars, fmt="%.3g", fontsize=7)
    axes.set_xticks(groups, series.labels)
    axes.set_ylabel(series.y)

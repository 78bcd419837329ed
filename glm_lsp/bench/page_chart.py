"""The series of a result as small SVG pictures, which a page can hold without anything else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from glm_lsp.bench.result import Series

_WIDTH, _HEIGHT = 560, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 10, 34
_MOST_POINTS = 240
_FAR = 1e12
_COLOURS = 8
"""Of the style sheet: `.c0` to `.c7`."""

_Line = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Axis:
    """Values onto pixels; the ends are different, and both above zero on a logarithmic axis."""

    low: float
    high: float
    from_px: float
    to_px: float
    is_log: bool = False
    is_whole: bool = False

    def px(self, value: float) -> float:
        low, high = self._scaled(self.low), self._scaled(self.high)
        share = (self._scaled(value) - low) / (high - low)
        return self.from_px + share * (self.to_px - self.from_px)

    def ticks(self) -> list[float]:
        """Round values between the ends: powers of ten, with 2 and 5 between few of them; else steps of 1, 2 or 5."""
        if self.is_log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            factors = (1, 2, 5) if last - first <= 3 else (1,)
            marks = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
        else:
            rough = (self.high - self.low) / 5
            power = 10.0 ** math.floor(math.log10(rough))
            step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
            step = max(1.0, step) if self.is_whole else step
            marks = [
                step * number
                for number in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)
            ]
        return [mark for mark in marks if self.low <= mark <= self.high]

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.is_log else value


def chart(series: Series) -> str:
    """A `<figure>` with picture, legend and title; empty when there is nothing to draw."""
    if series.kind == "bars":
        return _bars(series)
    if series.kind == "cdf":
        columns = {name: _distribution(values) for name, values in series.columns.items()}
    else:
        xs = series.columns[series.x]
        columns = {
            name: list(zip(xs, values, strict=True))
            for name, values in series.columns.items()
            if name != series.x
        }
    if series.kind == "lines":
        return lines(columns, title=series.title, x=series.x, y=series.y, log=series.log)
    log = "x" if "x" in series.log else ""
    return lines(columns, title=series.title, x=series.x, y="share of samples", log=log, to_one=True)


def lines(
    columns: dict[str, _Line],
    *,
    title: str,
    x: str,
    y: str,
    log: str = "",
    to_one: bool = False,
    counts: bool = False,
) -> str:
    """Lines over one pair of axes, one for each name; points that cannot be drawn are left out.

    Args:
        log: the axes that are logarithmic: "x", "y" or both.
        to_one: the y axis goes from 0 to 1.
        counts: the x axis has whole numbers, and each point a mark.
    """
    shown = {name: line for name, points in columns.items() if (line := _drawable(points, log))}
    if not shown:
        return ""
    every = [point for line in shown.values() for point in line]
    across = _axis([point[0] for point in every], _LEFT, _WIDTH - _RIGHT, is_log="x" in log, is_whole=counts)
    heights = [0.0, 1.0] if to_one else [point[1] for point in every] + ([] if "y" in log else [0.0])
    up = _axis(heights, _HEIGHT - _BOTTOM, _TOP, is_log="y" in log)
    parts = [_grid(across, up, x, y)]
    for number, (name, line) in enumerate(shown.items()):
        places = [(across.px(left), up.px(height)) for left, height in line]
        colour = f"c{number % _COLOURS}"
        path = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
        mark = f'<polyline class="line {colour}" points="{path}"/>'
        if counts or len(places) == 1:
            mark += "".join(
                f'<circle class="dot {colour}" cx="{left:.1f}" cy="{top:.1f}" r="3"/>' for left, top in places
            )
        parts.append(f"<g><title>{escape(name)}</title>{mark}</g>")
    return _figure(title, "".join(parts), list(shown))


def _bars(series: Series) -> str:
    is_log = "y" in series.log
    values = [
        value
        for column in series.columns.values()
        for value in column
        if value > 0 and _fits(value, is_log=is_log)
    ]
    if not values:
        return ""
    up = _axis(values + ([min(values) / 2] if is_log else [0.0]), _HEIGHT - _BOTTOM, _TOP, is_log=is_log)
    group = (_WIDTH - _LEFT - _RIGHT) / len(series.labels)
    width = 0.8 * group / len(series.columns)
    parts = [_grid(None, up, series.x, series.y)]
    for place, label in enumerate(series.labels):
        left = _LEFT + place * group
        parts.append(
            f'<text class="tick" text-anchor="middle" x="{left + group / 2:.1f}" y="{_HEIGHT - 18}">'
            f"{escape(label)}</text>"
        )
        for number, (name, column) in enumerate(series.columns.items()):
            value = column[place]
            if value > 0 and _fits(value, is_log=is_log):
                top = up.px(value)
                parts.append(
                    f'<rect class="bar c{number % _COLOURS}" x="{left + 0.1 * group + number * width:.1f}" '
                    f'y="{top:.1f}" width="{width:.1f}" height="{_HEIGHT - _BOTTOM - top:.1f}">'
                    f"<title>{escape(label)}, {escape(name)}: {value:.3g}</title></rect>"
                )
    return _figure(series.title, "".join(parts), list(series.columns))


def _distribution(samples: Sequence[float]) -> _Line:
    """Values and the share of samples up to each, thinned to what a picture can show."""
    values = sorted(value for value in samples if _fits(value, is_log=False))
    step = max(1, len(values) // _MOST_POINTS)
    kept = {*range(0, len(values), step), len(values) - 1} if values else set()
    return [(values[place], (place + 1) / len(values)) for place in sorted(kept)]


def _drawable(points: Sequence[tuple[float, float]], log: str) -> _Line:
    return [(x, y) for x, y in points if _fits(x, is_log="x" in log) and _fits(y, is_log="y" in log)]


def _fits(value: float, *, is_log: bool) -> bool:
    """Whether an axis can have it: no number that was measured lies outside."""
    return math.isfinite(value) and abs(value) <= _FAR and (not is_log or value >= 1 / _FAR)


def _axis(
    values: Sequence[float], from_px: float, to_px: float, *, is_log: bool, is_whole: bool = False
) -> _Axis:
    low, high = min(values), max(values)
    if is_log and low == high:
        low, high = low / 2, high * 2
    elif not is_log and high - low < 1 / _FAR:
        low, high = low - 1, high + 1
    return _Axis(low, high, from_px, to_px, is_log, is_whole)


def _grid(across: _Axis | None, up: _Axis, x: str, y: str) -> str:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = []
    for mark in up.ticks():
        at = up.px(mark)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text class="tick" text-anchor="end" x="{_LEFT - 6}" y="{at + 3:.1f}">{mark:g}</text>')
    for mark in across.ticks() if across else ():
        at = across.px(mark) if across else 0.0
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{bottom}"/>')
        parts.append(
            f'<text class="tick" text-anchor="middle" x="{at:.1f}" y="{bottom + 14}">{mark:g}</text>'
        )
    middle = (_LEFT + right) / 2
    parts.append(f'<text class="tick" text-anchor="middle" x="{middle}" y="{_HEIGHT - 4}">{escape(x)}</text>')
    parts.append(
        f'<text class="tick" text-anchor="middle" transform="translate(11 {(_TOP + bottom) / 2}) rotate(-90)">'
        f"{escape(y)}</text>"
    )
    return "".join(parts)


def _figure(title: str, inside: str, names: Sequence[str]) -> str:
    legend = "".join(
        f'<span><i class="key c{number % _COLOURS}"></i>{escape(name)}</span>'
        for number, name in enumerate(names)
    )
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        f"<title>{escape(title)}</title>{inside}</svg>"
        f'<div class="legend">{legend}</div></figure>'
    )

"""The figures of a result that stand on the page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from glm_lsp.bench.page_contents import MAIN, Figure, Unit
from glm_lsp.bench.table import cell

ANY: Final = "*"
_SPREAD = ("p50", "p95", "p99", "max")


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution of milliseconds."""

    label: str
    meaning: str
    count: int | None
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """One number, written out with its unit."""

    label: str
    meaning: str
    value: str


def at(figures: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """Every value at a path, with what its `*` stands for; nothing where there is none."""
    key, _, rest = path.partition(".")
    for name in list(figures) if key == ANY else [key]:
        value = figures.get(name)
        if not rest:
            yield (name if key == ANY else "", value)
        elif isinstance(value, Mapping):
            yield from ((name if key == ANY else star, found) for star, found in at(value, rest))


def spread_of(value: object) -> tuple[float, ...] | None:
    """p50, p95, p99 and the maximum of a distribution; None of anything else."""
    if not isinstance(value, Mapping):
        return None
    found = tuple(float(each) for key in _SPREAD if is_number(each := value.get(key)))
    return found if len(found) == len(_SPREAD) else None


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def rows_of(command: str, figures: Mapping[str, Any]) -> tuple[list[Spread], list[Number]]:
    """The main figures of a command: distributions, and all others; what is missing or odd is left out."""
    rows = [row for figure in MAIN.get(command, ()) for row in rows_at(figure, figures)]
    return [row for row in rows if isinstance(row, Spread)], [row for row in rows if isinstance(row, Number)]


def rows_at(figure: Figure, figures: Mapping[str, Any]) -> Iterator[Spread | Number]:
    """One row for each value at a figure's path; what it means is said once and holds for what follows."""
    meaning = figure.meaning
    for star, value in at(figures, figure.path):
        label = figure.label.replace("{}", star.replace("_", " "))
        if (values := spread_of(value)) is not None:
            count = value.get("count")
            yield Spread(label, meaning, count if isinstance(count, int) else None, values)
        elif (written := _written(value, figure.unit)) is not None:
            yield Number(label, meaning, written)
        else:
            continue
        meaning = ""


def _written(value: object, unit: Unit) -> str | None:
    if isinstance(value, Mapping):
        middle, low, high = (value.get(key) for key in ("value", "low", "high"))
        if not all(map(is_number, (middle, low, high))):
            return None
        return f"{cell(middle)} ({cell(low)} to {cell(high)})"
    if not isinstance(value, int | float) or not is_number(value):
        return None
    if unit == "share":
        return f"{value:.1%}"
    return f"{cell(value)} {unit}" if unit in {"ms", "MiB", "tokens/s"} else cell(value)

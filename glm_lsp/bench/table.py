"""A result as people read it: a heading that says where it was measured, and tables of figures."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from glm_lsp.bench.result import Result
from glm_lsp.evaluate.report import lines

_WIDEST = 200


def heading(result: Result) -> str:
    """Measurement, model and machine in two lines."""
    about = result.environment
    machine = f"{about.gpu}; {about.processor}" if about.gpu else about.processor
    return (
        f"bench {result.command}: {about.model} {about.precision} on {about.device or 'an engine elsewhere'}, "
        f"{about.threads} threads\n"
        f"{machine}, {about.cores} cores, onnxruntime {about.onnxruntime}, {about.date}"
    )


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Title, header and rows, the first column to the left and the others to the right; "-" stands for None."""
    grid = Table(box=SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(header):
        grid.add_column(name, justify="right" if place else "left", no_wrap=True)
    for row in rows:
        grid.add_row(*(cell(value) for value in row))
    # Written to a text and not to the terminal, so that a pipe gets the same and nothing is cut off.
    text = io.StringIO()
    Console(file=text, width=_WIDEST, color_system=None, markup=False, highlight=False).print(grid)
    drawn = re.sub(r" +$", "", text.getvalue(), flags=re.MULTILINE).strip("\n")
    return f"{title}\n{drawn}" if title else drawn


def cell(value: object) -> str:
    """A number with three digits that count, anything else as it is."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def figures_table(result: Result) -> str:
    """All figures by name: what is shown of a measurement that has no tables of its own."""
    return f"{heading(result)}\n\n" + "\n".join(lines(result.figures))

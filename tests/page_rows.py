"""Whether a page of results shows all that it could of a measurement."""

from __future__ import annotations

from glm_lsp.bench.page_contents import MAIN
from glm_lsp.bench.page_figures import rows_at
from glm_lsp.bench.result import Result


def left_out(result: Result) -> list[str]:
    """Paths of the main figures for which the page has no row: the result has nothing there that can be shown."""
    return [figure.path for figure in MAIN[result.command] if not list(rows_at(figure, result.figures))]

"""The tables of any stored result."""

from __future__ import annotations

from collections.abc import Callable

from glm_lsp.bench.compare_table import compare_table
from glm_lsp.bench.engine_table import engine_table
from glm_lsp.bench.load_table import load_table
from glm_lsp.bench.overhead_table import overhead_table
from glm_lsp.bench.result import Result
from glm_lsp.bench.speculation_table import speculation_table
from glm_lsp.bench.storm_figures import storm_table
from glm_lsp.bench.table import figures_table
from glm_lsp.bench.typing_figures import typing_table
from glm_lsp.errors import InputError

_TABLES: dict[str, Callable[[Result], str]] = {
    "compare": compare_table,
    "engine": engine_table,
    "load": load_table,
    "overhead": overhead_table,
    "speculation": speculation_table,
    "storm": storm_table,
    "typing": typing_table,
}


def tables_of(result: Result) -> str:
    """What the command printed when it measured; all figures of a command that is not known.

    Raises:
        InputError: figures are missing or are not what they should be, as in one of another version.
    """
    try:
        return _TABLES.get(result.command, figures_table)(result)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        raise InputError(
            f"this result of `bench {result.command}` has other figures than this version's ({error})",
            f"It was made by glm-lsp {result.environment.glm_lsp}; measure anew, or read its JSON.",
        ) from error

"""The figures of `glm-lsp bench speculation` as a table."""

from __future__ import annotations

from glm_lsp.bench.result import Result
from glm_lsp.bench.table import heading, table


def speculation_table(result: Result) -> str:
    """One row for each kind of requests."""
    header = (
        "",
        "requests",
        "identical",
        "tokens",
        "steps a token",
        "guessing",
        "times as fast",
        "95 %",
        "decoding",
    )
    rows = [
        (
            kind, each["requests"], each["identical"], each["tokens"],
            each["steps_per_token"]["plain"], each["steps_per_token"]["guessing"],
            each["speedup"]["value"], f"{each['speedup']['low']:.2f} to {each['speedup']['high']:.2f}",
            each["decode_speedup"]["value"],
        )
        for kind, each in result.figures.items()
        if each["speedup"]
    ]  # fmt: skip
    return f"{heading(result)}\n\n{table('Guessing ahead, beside plain decoding', header, rows)}"

"""`glm-lsp bench`: what completing costs, measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glm_lsp import terminal
from glm_lsp.cli_options import new_app

app = new_app("What completing costs on this machine, measured.")

OutputOption = Annotated[
    Path | None, typer.Option("--output", metavar="DIR", help="Store the result in this folder, too.")
]
PlotsOption = Annotated[bool, typer.Option("--plots", help="Draw the result into the --output folder.")]


@app.callback()
def _bench() -> None:
    pass


@app.command()
def plot(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A result stored with --output.")],
    *,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help="The result's own folder if left out.")
    ] = None,
) -> None:
    """The pictures of a stored result."""
    from glm_lsp.bench.plots import draw
    from glm_lsp.bench.result import load

    for path in draw(load(file), output or file.parent, file.stem):
        terminal.say(f"drawn: {path}")

"""What the commands share: how their help looks, and the options several of them take."""

from __future__ import annotations

from typing import Annotated

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout; errors, too.")]
ModelOption = Annotated[str | None, typer.Option(help="Name of an installed model, or a model folder.")]
ModelArgument = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="Name or folder of a model; the set one if left out.")
]
DeviceOption = Annotated[str | None, typer.Option(help="auto, cpu or cuda.")]
EngineUrlOption = Annotated[str | None, typer.Option(help="Use the engine at this address.")]
ThreadsOption = Annotated[int | None, typer.Option(help="CPU threads; 0 chooses by the machine.")]


def new_app(about: str) -> typer.Typer:
    """A group of commands. Its help is plain: that prints sooner than a drawn one and reads well in a pipe."""
    return typer.Typer(help=about, no_args_is_help=True, rich_markup_mode=None, add_completion=False)

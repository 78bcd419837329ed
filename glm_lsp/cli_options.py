"""What the commands share: how their help looks, the options several of them take, and the settings below these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from glm_lsp import terminal
from glm_lsp.errors import SettingError

if TYPE_CHECKING:
    from glm_lsp.config import Settings

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


def settings_with(**command_line: object) -> Settings:
    """The settings with these options (camelCase) over them; None is an option that was not given.

    Raises:
        SettingError: one of them has a value that cannot be used.
    """
    from glm_lsp import config

    configuration = config.load(command_line=command_line)
    for warning in configuration.warnings:
        if warning.startswith("command line: "):
            raise SettingError(warning.removeprefix("command line: "))
        terminal.say(f"warning: {warning}")
    return configuration.settings

"""Every command of `glm-lsp`. Each imports what it needs when it runs, so that `--help` answers at once."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glm_lsp import __version__, terminal
from glm_lsp.errors import ModelFileError

if TYPE_CHECKING:
    from glm_lsp.models.store import ModelFolder, StoreEntry


def _app(about: str) -> typer.Typer:
    # Plain help prints sooner than a drawn one, and reads well in a pipe.
    return typer.Typer(help=about, no_args_is_help=True, rich_markup_mode=None, add_completion=False)


app = _app("Inline code completion from GLM models, on your own machine.")
model_app = _app("The models on this machine.")
config_app = _app("The settings.")
app.add_typer(model_app, name="model")
app.add_typer(config_app, name="config")

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout; errors, too.")]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="Name of an installed model, or a model folder.")
]
ModelArgument = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="Name or folder of a model; the set one if left out.")
]


def main() -> None:
    """Runs the command of `sys.argv` and exits."""
    command = typer.main.get_command(app)
    status = terminal.run(
        lambda arguments: command.main(arguments, prog_name="glm-lsp", standalone_mode=False), sys.argv[1:]
    )
    sys.exit(status)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"glm-lsp {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


@config_app.callback()
def _config() -> None:
    pass


@config_app.command("show")
def config_show(as_json: JsonOption = False) -> None:
    """Each setting, its value and where it came from."""
    from glm_lsp import config, paths

    configuration = config.load()
    if as_json:
        terminal.print_json(
            {
                "config_file": str(paths.config_file()),
                "settings": [
                    {"name": name, "value": value, "origin": origin}
                    for name, value, origin in configuration.rows()
                ],
                "warnings": configuration.warnings,
            }
        )
        return
    for name, value, origin in configuration.rows():
        shown = "" if value is None else ", ".join(value) if isinstance(value, tuple) else value
        print(f"{name:<18} {shown!s:<24} {origin}")
    terminal.say(f"\nconfig file: {paths.config_file()}")
    for warning in configuration.warnings:
        terminal.say(f"warning: {warning}")


@model_app.command("list")
def model_list(as_json: JsonOption = False) -> None:
    """The models on this machine, the built-in one first; broken ones with what is wrong."""
    from glm_lsp.models.store import ModelStore

    entries = ModelStore().list()
    if as_json:
        terminal.print_json([_described(entry) for entry in entries])
        return
    for entry in entries:
        if entry.model is None:
            print(f"{entry.name:<20} unusable: {entry.error}")
        else:
            manifest = entry.model.manifest
            mib = sum(file.bytes for file in manifest.files.values()) / 2**20
            size = f"{manifest.num_parameters / 1e6:>8.1f} M {mib:>8.1f} MiB"
            print(f"{entry.name:<20} {manifest.precision:<5} {size}  {entry.path}")


def _described(entry: StoreEntry) -> dict[str, Any]:
    error = entry.error.to_dict() if entry.error else None
    return {"name": entry.name, "path": str(entry.path), "built_in": entry.built_in, "error": error}


@model_app.command("show")
def model_show(name: ModelArgument = None, as_json: JsonOption = False) -> None:
    """What a model is: architecture, size, precision, licence, origin."""
    import msgspec

    folder = _model_folder(name)
    facts: dict[str, Any] = msgspec.to_builtins(folder.manifest)
    files = facts.pop("files")
    if as_json:
        terminal.print_json({"path": str(folder.path), **facts, "files": files})
        return
    print(f"{'path':<18} {folder.path}")
    for key, value in facts.items():
        shown = (
            ", ".join(f"{name} {part}" for name, part in value.items()) if isinstance(value, dict) else value
        )
        print(f"{key:<18} {shown}")
    for file, entry in files.items():
        print(f"{'file':<18} {file}, {entry['bytes']} bytes")


@model_app.command("verify")
def model_verify(name: ModelArgument = None, as_json: JsonOption = False) -> None:
    """Reads every file of a model and compares it with its manifest."""
    from glm_lsp.models import integrity

    folder = _model_folder(name)
    results = []
    for result in integrity.verify(folder.path, folder.manifest):
        results.append(result)
        if not as_json:
            print(f"{result.name:<20} {result.problem or 'intact'}")
    intact = not any(result.problem for result in results)
    if as_json:
        terminal.print_json(
            {"path": str(folder.path), "intact": intact, "files": [asdict(r) for r in results]}
        )
    if not intact:
        terminal.say(f"{ModelFileError.code}: {folder.path} is damaged.\n  {ModelFileError.remedy}")
        raise typer.Exit(1)


def _model_folder(name: str | None) -> ModelFolder:
    from glm_lsp import config
    from glm_lsp.models.store import ModelStore

    return ModelStore().resolve(name or config.load().settings.model)

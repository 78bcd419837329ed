"""`glm-lsp model`: the models on this machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glm_lsp import terminal
from glm_lsp.cli_options import JsonOption, ModelArgument, new_app
from glm_lsp.errors import ModelFileError

if TYPE_CHECKING:
    from glm_lsp.models.store import ModelFolder, StoreEntry

app = new_app("The models on this machine.")


@app.command("list")
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


@app.command("show")
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


@app.command("verify")
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
        files = [asdict(result) for result in results]
        terminal.print_json({"path": str(folder.path), "intact": intact, "files": files})
    elif not intact:
        raise ModelFileError(f"{folder.path} is damaged")
    raise typer.Exit(int(not intact))


@app.command("pull")
def model_pull(
    repo_id: Annotated[str, typer.Argument(metavar="ORG/NAME", help="A repository on the model hub.")],
    revision: Annotated[str | None, typer.Option(help="A branch, a tag or a commit.")] = None,
    target: Annotated[Path | None, typer.Option("--to", metavar="DIR", help="The folder to make.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Downloads a checkpoint from the hub, to be imported; goes on where an earlier try ended."""
    from glm_lsp import cli_pull

    pulled = cli_pull.pull(repo_id, revision=revision, target=target, yes=yes)
    if as_json:
        terminal.print_json(cli_pull.as_json(pulled))
    else:
        print(pulled.folder)


def _model_folder(name: str | None) -> ModelFolder:
    from glm_lsp import config
    from glm_lsp.models.store import ModelStore

    return ModelStore().resolve(name or config.load().settings.model)

"""`glm-lsp model`: the models on this machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glm_lsp import terminal
from glm_lsp.byte_size import readable
from glm_lsp.cli_options import JsonOption, ModelArgument, new_app
from glm_lsp.errors import ModelFileError, SessionError, TokenizerError

if TYPE_CHECKING:
    from glm_lsp.importing.checkpoints import Downloaded
    from glm_lsp.importing.unfinished import Unfinished
    from glm_lsp.models.store import ModelFolder, StoreEntry

app = new_app("The models on this machine.")

_FINE: dict[str, Any] = {"built_in": False, "error": None}


@app.command("list")
def model_list(as_json: JsonOption = False) -> None:
    """The models on this machine, the built-in one first, unfinished imports, and downloaded checkpoints."""
    from glm_lsp.importing.checkpoints import downloaded
    from glm_lsp.importing.unfinished import unfinished_imports
    from glm_lsp.models.store import ModelStore
    from glm_lsp.paths import checkpoints_dir

    store = ModelStore()
    entries, unfinished = store.list(), unfinished_imports(store.folder)
    checkpoints = downloaded(checkpoints_dir())
    if as_json:
        listed = [_described(entry) for entry in entries]
        listed += [_described_import(left) for left in unfinished]
        terminal.print_json(listed + [_described_checkpoint(each) for each in checkpoints])
        return
    for entry in entries:
        if entry.model is None:
            print(f"{entry.name:<20} unusable: {entry.error}")
        else:
            manifest = entry.model.manifest
            mib = sum(file.bytes for file in manifest.files.values()) / 2**20
            size = f"{manifest.num_parameters / 1e6:>8.1f} M {mib:>8.1f} MiB"
            numbers = f"{manifest.precision:<5} {manifest.activations}"
            print(f"{entry.name:<20} {numbers} {size}  {entry.path}")
    for left in unfinished:
        state = (
            "unfinished import, {}: import it again to go on, or `model rm` it"
            if left.running is None
            else f"being imported by process {left.running or 'another'}, {{}} so far"
        )
        print(f"{left.name:<20} {state.format(readable(left.bytes))}")
    for each in checkpoints:
        state = "downloaded checkpoint" if each.complete else "unfinished download"
        print(f"{each.repo_id:<20} {state} of {each.revision[:12]}, {readable(each.bytes)}  {each.path}")


def _described(entry: StoreEntry) -> dict[str, Any]:
    error = entry.error.to_dict() if entry.error else None
    found = {"name": entry.name, "path": str(entry.path), "state": "installed", "built_in": entry.built_in}
    return found | {"error": error}


def _described_import(left: Unfinished) -> dict[str, Any]:
    state = "unfinished" if left.running is None else "running"
    found = {"name": left.name, "path": str(left.path), "state": state, "bytes": left.bytes}
    return found | {"process": left.running or None} | _FINE


def _described_checkpoint(each: Downloaded) -> dict[str, Any]:
    state = "downloaded" if each.complete else "unfinished-download"
    found = {"name": each.repo_id, "path": str(each.path), "state": state, "bytes": each.bytes}
    return found | {"revision": each.revision} | _FINE


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


@app.command("import")
def model_import(  # noqa: PLR0917  # options, by name
    source: Annotated[
        str, typer.Argument(metavar="FOLDER_OR_HUB_ID", help="A checkpoint folder, or ORG/NAME.")
    ],
    name: Annotated[str | None, typer.Option(help="Name of the model; the folder's when left out.")] = None,
    family: Annotated[
        str | None, typer.Option(help="Which published model it is; see docs/models.md.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="fp32, fp16, bf16, int8 or int4; by the model's size when left out.")
    ] = None,
    device: Annotated[
        str, typer.Option(help="What it will run on: cpu, cuda, or auto for cuda where that is there.")
    ] = "auto",
    capacity: Annotated[int | None, typer.Option(help="Most tokens of prompt and completion.")] = None,
    profile: Annotated[str | None, typer.Option(help="How prompts are laid out; the family's.")] = None,
    chat: Annotated[
        str | None, typer.Option(help="How dialogues are laid out; the family's, or none.")
    ] = None,
    rope_rule: Annotated[
        str, typer.Option(help="What rope_ratio means: base, interpolate, or auto to find out.")
    ] = "auto",
    revision: Annotated[str | None, typer.Option(help="Of a hub id: branch, tag or commit.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Download without asking.")] = False,
    check: Annotated[bool, typer.Option(help="Load the finished model once.")] = True,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a model of that name.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and end.")] = False,
    exporter: Annotated[str, typer.Option(help="own, or optimum: slower, fp32, to compare with.")] = "own",
    exporter_python: Annotated[
        Path | None, typer.Option(help="Python of an environment with optimum; this one's when left out.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Turns an official checkpoint into a verified model of this program. Cut off, it goes on where it was."""
    from glm_lsp import cli_import

    imported = cli_import.import_from(
        source,
        cli_import.How(check, exporter, exporter_python, dry_run),
        name=name,
        revision=revision,
        yes=yes,
        family=family,
        precision=precision,
        device=device,
        capacity=capacity,
        profile=profile,
        chat_template=chat,
        rope_rule=rope_rule,
        replaces=replace,
    )
    if isinstance(imported, cli_import.Foreseen):
        terminal.say("Nothing was done: that was a dry run.")
        if as_json:
            terminal.print_json(cli_import.foretold(imported))
    elif as_json:
        terminal.print_json(cli_import.described(imported))
    else:
        print(imported.folder.path)


@app.command("rm")
def model_rm(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="A model, an unfinished import, or ORG/NAME of a checkpoint."),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Deletes a model and what is left of its import; with ORG/NAME, a downloaded checkpoint."""
    from glm_lsp import cli_remove

    cli_remove.remove(name, yes=yes)


@app.command("verify")
def model_verify(
    name: ModelArgument = None,
    run: Annotated[bool, typer.Option(help="Load the model and run a few tokens, too.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Compares every file of a model with its manifest, and what it computes with what it should."""
    from glm_lsp.models import integrity

    folder = _model_folder(name)
    results = []
    for result in integrity.verify(folder.path, folder.manifest):
        results.append(result)
        if not as_json:
            print(f"{result.name:<20} {result.problem or 'intact'}")
    intact = not any(result.problem for result in results)
    report: dict[str, Any] = {"path": str(folder.path), "intact": intact}
    report["files"] = [asdict(result) for result in results]
    if intact and run:
        report |= _run_once(folder, as_json=as_json)
    if as_json:
        terminal.print_json(report)
    elif not intact:
        raise ModelFileError(f"{folder.path} is damaged")
    raise typer.Exit(int(not intact))


def _run_once(folder: ModelFolder, *, as_json: bool) -> dict[str, Any]:
    """What the model computes, against itself and against what the formulas said when it was imported."""
    from glm_lsp.importing.self_check import verify_model

    try:
        found = verify_model(folder)
    except (TokenizerError, SessionError) as error:
        if "model verify" in error.remedy:  # the usual remedy is what is being done here
            error.remedy = "Every file is as it was written. Import the model again, with this version."
        raise
    if not as_json:
        print(f"{'one token or many':<20} differ by {found.rows_difference:.1e} of the logits' range")
        if found.agreement is None:
            print(f"{'formulas':<20} nothing of them is kept in this folder")
        else:
            same = f"{found.agreement.same_best} of {found.agreement.rows} best tokens are the same"
            print(f"{'formulas':<20} {same}, correlation {found.agreement.correlation}")
    return found.to_dict()


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

"""`glm-lsp model import`: what will be done, then doing it with its progress, then a last look by another process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from glm_lsp import terminal
from glm_lsp.byte_size import readable
from glm_lsp.cli_progress import bytes_bar
from glm_lsp.errors import InputError, SelfCheckError

if TYPE_CHECKING:
    from glm_lsp.importing.plan import Plan, Wish
    from glm_lsp.models.layouts.rope_ratio import RopeRule
    from glm_lsp.models.store import ModelFolder


def wish_for(
    source: str, *, name: str | None, revision: str | None, yes: bool, rope_rule: str, **options: Any
) -> Wish:
    """What the command line asks for; a hub id is downloaded first.

    Raises:
        InputError: an option has a value that cannot be used, or there is no such folder.
        HubError: see `importing.hub`.
    """
    from glm_lsp import cli_pull
    from glm_lsp.importing import hub
    from glm_lsp.importing.plan import Wish
    from glm_lsp.models.layouts.names import repository_name
    from glm_lsp.models.store import STARTER

    if rope_rule not in ("auto", "base", "interpolate"):
        raise InputError(f"--rope-rule {rope_rule!r} is not auto, base or interpolate")
    if hub.is_hub_id(source):
        pulled = cli_pull.pull(source, revision=revision, target=None, yes=yes)
        folder = pulled.folder
    else:
        folder = Path(source).expanduser().absolute()
        if revision is not None:
            raise InputError("--revision belongs to a hub id, not to a folder")
        if not folder.is_dir():
            raise InputError(
                f"there is no folder {folder}", "Name a checkpoint folder, or ORG/NAME of the hub."
            )
    name = name or repository_name(folder).lower()
    if name == STARTER:
        raise InputError(f"{STARTER!r} is the built-in model's name", "Choose another one with --name.")
    return Wish(checkpoint=folder, name=name, rope_rule=cast("RopeRule", rope_rule), **options)


def remove(name: str, *, yes: bool) -> None:
    """Deletes a model and what is left of its import.

    Raises:
        ModelNotFoundError: there is neither.
        InputError: the built-in model was named, an import of it is running, or there is nobody to ask.
        StorageError: it cannot be deleted.
    """
    from glm_lsp.importing.unfinished import forget
    from glm_lsp.models.store import STARTER, ModelStore

    store = ModelStore()
    installed = name != STARTER and store.path_of(name).is_dir()
    if installed and not yes:
        if not sys.stdin.isatty():
            raise InputError(f"there is nobody to ask whether to delete {name}", "Add --yes.")
        typer.confirm(f"Delete {store.path_of(name)}?", abort=True, err=True)
    forgotten = name != STARTER and forget(store.folder, name)
    if installed or not forgotten:
        store.remove(name)


def import_model(wish: Wish, *, check: bool) -> ModelFolder:
    """Shows the plan and carries it out.

    Args:
        check: whether the finished model is loaded once before it gets its name.

    Raises:
        GlmError: see `importing.importer`.
        KeyboardInterrupt: what is done so far stays, and is gone on with next time.
    """
    from glm_lsp.importing.importer import run_plan
    from glm_lsp.importing.plan import make_plan
    from glm_lsp.models.store import ModelStore

    store = ModelStore()
    plan = make_plan(wish, store.path_of(wish.name))
    show(plan)
    try:
        folder = run_plan(plan, stage=bytes_bar, check=_check_in_another_process if check else _no_check)
    except KeyboardInterrupt:
        terminal.say(
            f"\nStopped. The same command goes on where it ended; `glm-lsp model rm {wish.name}` forgets it."
        )
        raise
    terminal.say(f"To use it, set model to {wish.name!r}: in the editor's settings, or in config.toml.")
    return folder


def import_by(exporter: str, wish: Wish, *, python: Path | None) -> ModelFolder:
    """As `import_model`, with the graph of another exporter.

    Raises:
        GlmError: see `importing.optimum_export`.
    """
    from dataclasses import replace

    from glm_lsp.importing.importer import write_reference
    from glm_lsp.importing.optimum_export import import_with_optimum
    from glm_lsp.importing.plan import make_plan
    from glm_lsp.models.store import ModelStore

    if exporter != "optimum":
        raise InputError(f"--exporter {exporter!r} is not own or optimum")
    wish = replace(wish, precision=wish.precision or "fp32")
    plan = make_plan(wish, ModelStore().path_of(wish.name))
    show(plan)
    return import_with_optimum(
        plan.parts,
        plan.options,
        plan.facts,
        plan.target,
        python=python,
        replaces=wish.replaces,
        say=terminal.say,
        add=lambda folder: write_reference(plan, folder, bytes_bar),
    )


def show(plan: Plan) -> None:
    """Model, sizes and licence, on stderr."""
    facts, options, config = plan.facts, plan.options, plan.parts.checkpoint.config
    memory = readable(plan.model_bytes)
    kv = 8 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim * options.capacity
    lines = {
        "model": f"{facts.family}, {plan.parts.checkpoint.num_parameters / 1e6:,.0f} M weights, {config.architecture}",
        "licence": facts.licence or "not stated in the folder",
        "prompts": facts.prompt_profile + (f", chat {facts.chat_template}" if facts.chat_template else ""),
        "reads": readable(plan.checkpoint_bytes),
        "writes": f"{memory} as {options.precision} to {plan.target}",
        "to run it": f"{memory} of memory, and {readable(kv)} for each open file",
    }
    for key, value in lines.items():
        terminal.say(f"{key:<10} {value}")


def described(folder: ModelFolder) -> dict[str, Any]:
    """What `--json` prints."""
    manifest = folder.manifest
    return {
        "name": manifest.name,
        "path": str(folder.path),
        "family": manifest.family,
        "architecture": manifest.architecture,
        "precision": manifest.precision,
        "bytes": sum(file.bytes for file in manifest.files.values()),
        "num_parameters": manifest.num_parameters,
        "prompt_profile": manifest.prompt_profile,
        "chat_template": manifest.chat_template,
        "licence": manifest.licence,
    }


def _no_check(_folder: Path) -> None:
    terminal.say("The model has not been loaded yet; `glm-lsp model verify` does that.")


def _check_in_another_process(folder: Path) -> None:
    """Loads the whole model, which takes its own size of memory; that must not be this process's.

    Raises:
        SelfCheckError: it does not compute what it should.
    """
    terminal.say("loading the model for a last look ...")
    command = [sys.executable, "-m", "glm_lsp", "model", "verify", str(folder), "--json"]
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            out, err = process.communicate()
        except BaseException:
            process.kill()
            process.wait()
            raise
    if process.returncode < 0:
        terminal.say(
            f"The last look was ended by signal {-process.returncode}: too little memory to run this model?"
        )
        return
    try:
        report = json.loads(out)
    except ValueError:
        report = {"error": {"cause": err.strip() or "no answer"}}
    if process.returncode or "error" in report:
        cause = report.get("error", {}).get("cause") or f"files differ: {report.get('files')}"
        raise SelfCheckError(f"the finished model is not right: {cause}")
    agreement = report.get("agreement") or {}
    terminal.say(
        f"{agreement.get('same_best')} of {agreement.get('rows')} best tokens are those of the formulas, "
        f"correlation {agreement.get('correlation')}"
    )

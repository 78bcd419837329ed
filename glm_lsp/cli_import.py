"""`glm-lsp model import`: what will be done, then doing it with its progress, then a last look by another process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glm_lsp import cli_pull, terminal
from glm_lsp.byte_size import readable
from glm_lsp.cli_last_look import last_look
from glm_lsp.cli_progress import bytes_bar
from glm_lsp.errors import InputError

if TYPE_CHECKING:
    from glm_lsp.importing.hub import Offer
    from glm_lsp.importing.plan import Plan, Preview, Wish
    from glm_lsp.models.store import ModelFolder, ModelStore


@dataclass(frozen=True, slots=True)
class How:
    """How an import is done, apart from what it makes.

    Attributes:
        check: whether the finished model is loaded once before it gets its name.
        exporter: "own" or "optimum"; `python` is of an environment with optimum, this one's when omitted.
        dry_run: whether it ends once all is said that is known beforehand.
    """

    check: bool = True
    exporter: str = "own"
    python: Path | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a dry run has found: `config` is the checkpoint's, `target` where the model would go."""

    seen: Plan | Preview
    config: Any
    target: Path
    licence: str


@dataclass(frozen=True, slots=True)
class Imported:
    """A model that was imported, and whether it was loaded once."""

    folder: ModelFolder
    checked: bool


def import_from(
    source: str,
    how: How,
    *,
    name: str | None,
    revision: str | None,
    yes: bool,
    replaces: bool,
    **choices: Any,
) -> Imported | Foreseen:
    """Imports a folder, or a repository of the hub once it is downloaded; a dry run ends with what is foreseen.

    Whatever can be refused is refused before the hub is asked; what its small files tell, before the weights come.

    Args:
        name: of the model; the folder's or the repository's when omitted.
        yes: whether weights are downloaded without asking.
        choices: see `importing.choices.require_known`.

    Raises:
        InputError: an option has a value that cannot be used, there is no such folder, or nobody to ask.
        GlmError: see `importing.hub`, `importing.importer` and `importing.optimum_export`.
        KeyboardInterrupt: what is done so far stays, and is gone on with next time.
    """
    from glm_lsp.importing import hub
    from glm_lsp.importing.choices import require_exporter, require_known
    from glm_lsp.importing.plan import Wish, make_plan
    from glm_lsp.importing.room import folder_bytes
    from glm_lsp.models.layouts.names import repository_name
    from glm_lsp.models.staging import require_place
    from glm_lsp.models.store import ModelStore

    require_known(**choices)
    require_exporter(how.exporter, how.python, choices["precision"], choices["device"])
    if how.exporter == "optimum":
        choices |= {"precision": "fp32", "device": "cpu"}
    store, folder = ModelStore(), Path(source).expanduser().resolve()
    of_hub = hub.is_hub_id(source)
    if not of_hub:
        _require_folder(source, folder, revision)
    usual = source.rpartition("/")[2] if of_hub else repository_name(folder)
    target = _target(store, name, usual.lower())
    require_place(target, replaces=replaces)
    wish = Wish(checkpoint=folder, name=target.name, replaces=replaces, **choices)
    if of_hub:
        terminal.say(f"there is no folder {source} here; asking the hub for {source} ...")
        try:
            wish = download(hub.look(source, revision), wish, target, how, yes=yes)
        except DryRunError as end:
            return end.foreseen
    plan = make_plan(wish, target)
    if not of_hub:
        terminal.say(f"reads      {readable(plan.checkpoint_bytes)} from {folder}")
        terminal.say(f"licence    {plan.facts.licence or 'not stated in the folder'}")
        show(plan, plan.parts.checkpoint.config, target)
    if how.dry_run:
        return Foreseen(plan, plan.parts.checkpoint.config, target, plan.facts.licence)
    imported = _run(plan, how)
    terminal.say(f"To use it, set model to {wish.name!r}: in the editor's settings, or in config.toml.")
    if of_hub:
        size = readable(folder_bytes(wish.checkpoint))
        terminal.say(
            f"The checkpoint, {size}, stays in {wish.checkpoint}; `glm-lsp model rm {source}` deletes it."
        )
    return imported


def _require_folder(source: str, folder: Path, revision: str | None) -> None:
    if revision is not None:
        raise InputError("--revision belongs to a hub id, not to a folder")
    if not source or not folder.is_dir():
        raise InputError(
            f"there is no folder {folder}" if source else "the folder's name is empty",
            "Name a checkpoint folder, or ORG/NAME of the hub.",
        )


def _target(store: ModelStore, name: str | None, usual: str) -> Path:
    """Where the model goes."""
    from glm_lsp.models.store import is_model_name

    if name is None and not is_model_name(usual):
        raise InputError(
            f"a model cannot be called {usual!r}, as its checkpoint is", "Give it a name with --name."
        )
    return store.new_path(usual if name is None else name)


class DryRunError(Exception):
    """A dry run has come to its end, with what it has found."""

    def __init__(self, foreseen: Foreseen) -> None:
        super().__init__(foreseen)
        self.foreseen = foreseen


def download(offer: Offer, wish: Wish, target: Path, how: How, *, yes: bool) -> Wish:
    """The wish with its checkpoint on this machine. Before the weights come, all that is small is looked at.

    Raises:
        GlmError: it cannot be imported, or not be downloaded; `StorageFullError` if both together do not fit.
        KeyboardInterrupt: the answer was no.
        DryRunError: everything was looked at that a dry run looks at.
    """
    from glm_lsp.importing import hub
    from glm_lsp.importing.optimum_export import require_transformers_names
    from glm_lsp.importing.plan import preview
    from glm_lsp.importing.room import require_room

    with hub.small_files(offer) as folder:
        seen = preview(replace(wish, checkpoint=folder), target)
        if how.exporter == "optimum":
            require_transformers_names(seen.layout)
        cli_pull.show(offer, offer.folder)
        show(seen, seen.layout.config, target)
        to_come = offer.missing_bytes
        require_room({offer.folder.parent: to_come, target.parent: seen.model_bytes})
        if how.dry_run:
            # Within the block: small files that are of no use go.
            raise DryRunError(Foreseen(seen, seen.layout.config, target, str(offer.licence)))
        if to_come and not yes:
            cli_pull.ask()
    with bytes_bar("downloading", offer.bytes) as progress:
        return replace(wish, checkpoint=hub.fetch(offer, progress=progress).folder)


def _run(plan: Plan, how: How) -> Imported:
    from glm_lsp.importing.importer import run_plan, write_reference
    from glm_lsp.importing.optimum_export import import_with_optimum

    if how.exporter == "optimum":
        folder = import_with_optimum(
            plan.parts,
            plan.options,
            plan.facts,
            plan.target,
            python=how.python,
            replaces=plan.replaces,
            say=terminal.say,
            add=lambda folder: write_reference(plan, folder, bytes_bar),
        )
        return Imported(folder, checked=False)
    checked = False

    def look(folder: Path) -> None:
        nonlocal checked
        if how.check:
            checked = last_look(folder)
        else:
            terminal.say("The model has not been loaded yet; `glm-lsp model verify` does that.")

    try:
        folder = run_plan(plan, stage=bytes_bar, check=look, say=terminal.say)
    except KeyboardInterrupt:
        name = plan.target.name
        terminal.say(
            f"\nStopped. The same command goes on where it ended; `glm-lsp model rm {name}` forgets it."
        )
        raise
    return Imported(folder, checked)


def show(seen: Plan | Preview, config: Any, target: Path) -> None:
    """Model and sizes, on stderr."""
    from glm_lsp.config import Settings
    from glm_lsp.importing.sizes import run_bytes, slot_bytes
    from glm_lsp.models.tensors import num_parameters

    facts, options, runs_on = seen.facts, seen.options, seen.runs_on
    kv = slot_bytes(config, options)
    lines = {
        "model": f"{facts.family}, {num_parameters(config) / 1e6:,.0f} M weights, {config.architecture}",
        "prompts": facts.prompt_profile + (f", chat {facts.chat_template}" if facts.chat_template else ""),
        "writes": f"{readable(seen.model_bytes)} as {options.precision} to {target}",
        "runs on": f"{runs_on.device}: {runs_on.reason}",
        "to run it": f"{readable(run_bytes(config, options))} of memory, and {readable(kv)} for each open file",
    }
    if 2 * kv > Settings().memory_mib * 2**20:
        needed = -(-4 * kv // 2**20)
        lines["memoryMib"] = f"set it to {needed} to keep four open files at hand; its default keeps one"
    if seen.note:
        lines["note"] = seen.note
    for key, value in lines.items():
        terminal.say(f"{key:<10} {value}")


def foretold(foreseen: Foreseen) -> dict[str, Any]:
    """What `--json` prints of a dry run: what it would print after the import, and the memory it would take."""
    from glm_lsp.importing.sizes import run_bytes, slot_bytes
    from glm_lsp.models.tensors import num_parameters

    seen, config = foreseen.seen, foreseen.config
    facts, options = seen.facts, seen.options
    return {
        "dry_run": True,
        "name": facts.name,
        "path": str(foreseen.target),
        "family": facts.family,
        "architecture": config.architecture,
        "precision": options.precision,
        "device": seen.runs_on.device,
        "bytes": seen.model_bytes,
        "num_parameters": num_parameters(config),
        "memory_bytes": run_bytes(config, options),
        "slot_bytes": slot_bytes(config, options),
        "prompt_profile": facts.prompt_profile,
        "chat_template": facts.chat_template,
        "licence": foreseen.licence,
    }


def described(imported: Imported) -> dict[str, Any]:
    """What `--json` prints."""
    folder = imported.folder
    manifest = folder.manifest
    return {
        "name": manifest.name,
        "path": str(folder.path),
        "family": manifest.family,
        "architecture": manifest.architecture,
        "precision": manifest.precision,
        "activations": manifest.activations,
        "bytes": sum(file.bytes for file in manifest.files.values()),
        "num_parameters": manifest.num_parameters,
        "prompt_profile": manifest.prompt_profile,
        "chat_template": manifest.chat_template,
        "licence": manifest.licence,
        "checked": imported.checked,
    }

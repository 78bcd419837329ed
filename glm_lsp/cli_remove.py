"""`glm-lsp model rm`: a question, and then a model, an unfinished import or a downloaded checkpoint is gone."""

from __future__ import annotations

import sys

import typer

from glm_lsp import terminal
from glm_lsp.byte_size import readable
from glm_lsp.errors import InputError, ModelNotFoundError
from glm_lsp.paths import checkpoints_dir


def remove(name: str, *, yes: bool) -> None:
    """Deletes what has this name: ORG/NAME is a checkpoint, everything else a model.

    Args:
        yes: whether nobody is asked.

    Raises:
        ModelNotFoundError: there is nothing of that name.
        InputError: the built-in model was named, somebody is at it, or there is nobody to ask.
        StorageError: it cannot be deleted.
    """
    if "/" in name:
        _remove_checkpoint(name, yes=yes)
    else:
        _remove_model(name, yes=yes)


def _remove_model(name: str, *, yes: bool) -> None:
    from glm_lsp.importing.unfinished import forget
    from glm_lsp.models.store import STARTER, ModelStore

    store = ModelStore()
    installed = name != STARTER and store.path_of(name).is_dir()
    if installed:
        _ask(f"Delete {store.path_of(name)}?", name, yes=yes)
    forgotten = name != STARTER and forget(store.folder, name)
    if installed or not forgotten:
        store.remove(name)


def _remove_checkpoint(repo_id: str, *, yes: bool) -> None:
    from glm_lsp.importing.checkpoints import delete, downloaded

    found = [each for each in downloaded(checkpoints_dir()) if each.repo_id.lower() == repo_id.lower()]
    if not found:
        raise ModelNotFoundError(f"no checkpoint of {repo_id} is in {checkpoints_dir()}")
    for checkpoint in found:
        terminal.say(f"{readable(checkpoint.bytes):>10}  {checkpoint.path}")
    _ask(f"Delete {'it' if len(found) == 1 else 'them'}?", repo_id, yes=yes)
    for checkpoint in found:
        delete(checkpoint)


def _ask(question: str, name: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError(f"there is nobody to ask whether to delete {name}", "Add --yes.")
    typer.confirm(question, abort=True, err=True)

"""`glm-lsp model pull`: what a repository on the hub holds, a question, and its files with their progress."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glm_lsp import terminal
from glm_lsp.byte_size import readable
from glm_lsp.cli_progress import bytes_bar
from glm_lsp.errors import InputError

if TYPE_CHECKING:
    from glm_lsp.importing.hub import Offer, Pulled


def pull(repo_id: str, *, revision: str | None, target: Path | None, yes: bool) -> Pulled:
    """Shows what would be downloaded and under which licence, asks unless `yes`, and downloads it.

    Raises:
        GlmError: see `importing.hub.pull`; `InputError` when there is nobody to ask.
        KeyboardInterrupt: the answer was no.
    """
    from glm_lsp.importing import hub

    terminal.say(f"asking the hub for {repo_id} ...")
    offer = hub.look(repo_id, revision)
    show(offer, target or offer.folder)
    if not yes:
        ask()
    with bytes_bar("downloading", offer.bytes) as progress:
        return hub.fetch(offer, target=target, progress=progress)


def as_json(pulled: Pulled) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "folder": str(pulled.folder),
        "repo_id": pulled.repo_id,
        "revision": pulled.revision,
        "licence": pulled.licence,
        "bytes": pulled.bytes,
        "files": list(pulled.files),
    }


def show(offer: Offer, folder: Path) -> None:
    """The files with their sizes, the licence and the place, on stderr."""
    terminal.say(f"{offer.repo_id} at {offer.revision[:12]} on {offer.hub}")
    for file in offer.files:
        terminal.say(f"  {readable(file.bytes):>10}  {file.name}")
    terminal.say(f"  {readable(offer.bytes):>10}  in all, to {folder}")
    terminal.say(f"licence: {offer.licence}")
    for name, beginning in offer.licence.beginnings.items():
        terminal.say(f"  {name}: " + " / ".join(beginning.splitlines()))


def ask() -> None:
    """Goes on if the answer is yes.

    Raises:
        InputError: there is nobody to ask.
        KeyboardInterrupt: the answer was no.
    """
    import typer

    if not sys.stdin.isatty():
        raise InputError("there is nobody to ask whether to download this", "Add --yes.")
    typer.confirm("Download it under these terms?", abort=True, err=True)

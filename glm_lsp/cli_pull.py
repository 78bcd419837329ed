"""`glm-lsp model pull`: what a repository on the hub holds, a question, and its files with their progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glm_lsp import terminal
from glm_lsp.errors import InputError

if TYPE_CHECKING:
    from glm_lsp.importing.download import BytesDone
    from glm_lsp.importing.hub import Offer, Pulled

LINE_EVERY_S = 5.0


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
        _ask()
    with _progress(offer) as progress:
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
        terminal.say(f"  {_size(file.bytes):>10}  {file.name}")
    terminal.say(f"  {_size(offer.bytes):>10}  in all, to {folder}")
    terminal.say(f"licence: {offer.licence}")
    for name, beginning in offer.licence.beginnings.items():
        terminal.say(f"  {name}: " + " / ".join(beginning.splitlines()))


def _ask() -> None:
    import typer

    if not sys.stdin.isatty():
        raise InputError("there is nobody to ask whether to download this", "Add --yes.")
    typer.confirm("Download it under these terms?", abort=True, err=True)


@contextmanager
def _progress(offer: Offer) -> Iterator[BytesDone]:
    """A bar on a terminal, a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines(offer.bytes)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True), TransferSpeedColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=offer.bytes)
        yield lambda name, done: bar.update(task, completed=done, description=name)


class _Lines:
    """Progress for a log: how much, how fast, how long still."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._began = self._said = time.monotonic()
        self._first: int | None = None

    def __call__(self, name: str, done: int) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = done  # what an earlier try left says nothing about the rate
        if now - self._said < LINE_EVERY_S and done < self._total:
            return
        self._said = now
        rate = (done - self._first) / max(now - self._began, 1e-3)
        left = f"{(self._total - done) / rate:,.0f} s left" if rate > 0 else "time left unknown"
        terminal.say(f"{_size(done)} of {_size(self._total)}, {_size(int(rate))}/s, {left}: {name}")


def _size(count: int) -> str:
    for exponent, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if count >= 2**exponent:
            return f"{count / 2**exponent:.1f} {unit}"
    return f"{count} B"

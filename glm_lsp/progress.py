"""A progress bar with the time left, on stderr, for people only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]
"""(done, in all)."""


def silent(done: int, total: int) -> None:
    """A `Progress` that shows nothing."""


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """Shows a bar while the block runs; nothing when stderr is not a terminal."""
    if not (sys.stderr and sys.stderr.isatty()):
        yield silent
        return
    from rich import console, progress  # noqa: PLC0415  # most runs are in scripts

    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console.Console(stderr=True), transient=True) as bar:
        row = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(row, completed=done, total=total)

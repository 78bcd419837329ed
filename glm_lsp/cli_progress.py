"""Long work over many bytes, as a person or a log sees it: how much, how fast, how long still."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from glm_lsp import terminal
from glm_lsp.byte_size import BytesDone, readable

LINE_EVERY_S = 5.0


@contextmanager
def bytes_bar(title: str, total: int) -> Iterator[BytesDone]:
    """A bar on a terminal, a line now and then elsewhere; on stderr. With a `total` of 0 it is not about bytes."""
    if not (sys.stderr and sys.stderr.isatty()):
        if total:
            yield _Lines(title, total)
        else:
            terminal.say(f"{title} ...")
            yield lambda _what, _done: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns: tuple[ProgressColumn, ...] = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True), TransferSpeedColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    if not total:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total or None)

        def show(what: str, done: int) -> None:
            bar.update(task, completed=done, description=f"{title}: {what}")

        yield show


class _Lines:
    """Progress for a log."""

    def __init__(self, title: str, total: int) -> None:
        self._title = title
        self._total = total
        self._began = self._said = time.monotonic()
        self._first: int | None = None
        self._ended = False

    def __call__(self, what: str, done: int) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = done  # what an earlier run left says nothing about the rate
        if (now - self._said < LINE_EVERY_S and done < self._total) or self._ended:
            return
        self._ended = 0 < self._total <= done
        self._said = now
        rate = (done - self._first) / max(now - self._began, 1e-3)
        left = f"{(self._total - done) / rate:,.0f} s left" if rate > 0 else "time left unknown"
        sizes = f"{readable(done)} of {readable(self._total)}, {readable(rate)}/s"
        terminal.say(f"{self._title}: {sizes}, {left}: {what}")

"""Where a result goes: onto stdout, into a file, into pictures."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from glm_lsp import terminal
from glm_lsp.bench.environment import Environment, ProcessorWatch
from glm_lsp.bench.plots import check_drawing, draw
from glm_lsp.bench.result import Result, as_json, store
from glm_lsp.bench.table import figures_table
from glm_lsp.errors import InputError


@dataclass(slots=True)
class Delivery:
    """What the options of a measurement ask for. Make one before measuring: it finds out what cannot be done.

    It also watches the machine from then on, and adds to the result how much processor time others took.

    Raises:
        InputError: a folder that cannot be written to; plots without a folder to put them in, or without matplotlib.
    """

    as_json: bool = False
    folder: Path | None = None
    plots: bool = False
    _watch: ProcessorWatch = field(default_factory=ProcessorWatch)

    def __post_init__(self) -> None:
        if self.plots:
            if self.folder is None:
                raise InputError("plots need a folder to put them in", "Name one with --output DIR.")
            check_drawing()
        if self.folder is not None:
            _check_writable(self.folder)

    def count_own(self, seconds: float) -> None:
        """Takes processor time of a process for the measurement's that is no child of this one."""
        self._watch.count_own(seconds)

    def warn(self, environment: Environment) -> None:
        """Says on stderr what makes the figures doubtful."""
        if environment.warning:
            terminal.say(f"warning: {environment.warning}")

    def deliver(
        self,
        result: Result,
        table: str = "",
        printed: Callable[[Result], Mapping[str, Any]] | None = None,
    ) -> None:
        """Stores and draws the result as asked for, then prints it: whoever reads stdout may have gone.

        Args:
            table: for people, in place of all figures.
            printed: makes of the whole result what is printed as JSON, in place of the result as it is stored.

        Raises:
            StorageError: a file cannot be written; the result is printed all the same.
        """
        environment = msgspec.structs.replace(result.environment, others_share=self._watch.others_share())
        result = msgspec.structs.replace(result, environment=environment)
        self.warn(environment)
        try:
            self._keep(result)
        finally:
            if self.as_json:
                terminal.print_json((printed or as_json)(result))
            else:
                print(table or figures_table(result))

    def _keep(self, result: Result) -> None:
        if self.folder is None:
            return
        path = store(result, self.folder)
        terminal.say(f"stored: {path}")
        if self.plots:
            for picture in draw(result, self.folder, path.stem):
                terminal.say(f"drawn: {picture}")


def _check_writable(folder: Path) -> None:
    """Makes the folder.

    Raises:
        InputError: it cannot be made, or no file in it.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder} is not a folder", "Name a folder with --output.")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise InputError(
            f"results cannot be stored in {folder}: {reason}", "Name another folder with --output."
        ) from error

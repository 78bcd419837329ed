"""Where a result goes: onto stdout, into a file, into pictures."""

from __future__ import annotations

from collections.abc import Mapping
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
        InputError: plots without a folder to put them in, or without matplotlib.
    """

    as_json: bool = False
    folder: Path | None = None
    plots: bool = False
    _watch: ProcessorWatch = field(default_factory=ProcessorWatch)

    def __post_init__(self) -> None:
        if self.folder is not None and self.folder.exists() and not self.folder.is_dir():
            raise InputError(f"{self.folder} is not a folder", "Name a folder with --output.")
        if self.plots:
            if self.folder is None:
                raise InputError("plots need a folder to put them in", "Name one with --output DIR.")
            check_drawing()

    def warn(self, environment: Environment) -> None:
        """Says on stderr what makes the figures doubtful."""
        if environment.warning:
            terminal.say(f"warning: {environment.warning}")

    def deliver(self, result: Result, table: str = "", printed: Mapping[str, Any] | None = None) -> None:
        """Prints the result, stores and draws it as asked for.

        Args:
            table: for people, in place of all figures.
            printed: as JSON, in place of the result as it is stored.

        Raises:
            StorageError: a file cannot be written.
        """
        environment = msgspec.structs.replace(result.environment, others_share=self._watch.others_share())
        result = msgspec.structs.replace(result, environment=environment)
        self.warn(environment)
        if self.as_json:
            terminal.print_json(as_json(result) if printed is None else printed)
        else:
            print(table or figures_table(result))
        if self.folder is not None:
            path = store(result, self.folder)
            terminal.say(f"stored: {path}")
            if self.plots:
                for picture in draw(result, self.folder, path.stem):
                    terminal.say(f"drawn: {picture}")

"""What a measurement found, in the form in which it is printed, stored and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from glm_lsp.bench.environment import Environment
from glm_lsp.errors import InputError
from glm_lsp.evaluate.report import plain
from glm_lsp.paths import storage_error

FORMAT_VERSION = 1
"""Raised when a program of before could misread a result."""


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One plot's data: what no table can show.

    Attributes:
        kind: "cdf" draws each column's values as a cumulative distribution; "lines" every column over the column
            `x`; "bars" a group of bars for each label, a bar of it for each column.
        title: of the plot.
        x: the label of the x axis; of "lines" it is also the name of the column that lies there.
        y: the label of the y axis; not used by "cdf".
        columns: equally long for "lines" and "bars". Their names are the legend.
        labels: of the groups of "bars".
        log: the axes that are logarithmic.

    Raises:
        ValueError: columns are not as above.
    """

    kind: Literal["cdf", "lines", "bars"]
    title: str
    x: str
    columns: dict[str, list[float]]
    y: str = ""
    labels: list[str] = []
    log: Literal["", "x", "y", "xy"] = ""

    def __post_init__(self) -> None:
        lengths = {len(values) for values in self.columns.values()}
        if self.kind != "cdf" and len(lengths) > 1:
            raise ValueError(f"the columns of {self.title!r} are not equally long")
        if self.kind == "lines" and self.x not in self.columns:
            raise ValueError(f"{self.title!r} has no column {self.x!r}")
        if self.kind == "bars" and lengths - {len(self.labels)}:
            raise ValueError(f"{self.title!r} has not as many labels as bars")


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one measurement.

    Attributes:
        command: the measurement's name, as after `glm-lsp bench`.
        parameters: what it was asked to do; the same parameters repeat it.
        figures: numbers by name, in any depth.
        series: what can be drawn, by the name of its picture.
    """

    command: str
    environment: Environment
    parameters: dict[str, Any]
    figures: dict[str, Any]
    series: dict[str, Series]
    format_version: int = FORMAT_VERSION


class _Version(msgspec.Struct):
    format_version: int = FORMAT_VERSION


def new_result(
    command: str,
    environment: Environment,
    *,
    parameters: Mapping[str, Any],
    figures: Mapping[str, Any],
    series: Mapping[str, Series] | None = None,
) -> Result:
    """A result whose numbers have four decimals; dataclasses and structs among the figures become mappings."""
    return Result(
        command=command,
        environment=environment,
        parameters=plain(msgspec.to_builtins(parameters)),
        figures=plain(msgspec.to_builtins(figures)),
        series=dict(series or {}),
    )


def as_json(result: Result) -> dict[str, Any]:
    """The result as `--json` prints it and files hold it."""
    return dict(msgspec.to_builtins(result))


def store(result: Result, folder: Path) -> Path:
    """Writes `folder / NAME-DATE.json`, the date in UTC to the second, and returns its path.

    Raises:
        StorageError: it cannot be written.
    """
    date = result.environment.date[:19].replace("-", "").replace(":", "").replace("T", "-")
    path = folder / f"{result.command}-{date}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    except OSError as error:
        raise storage_error(path, error) from error
    return path


def load(path: Path) -> Result:
    """A stored result.

    Raises:
        InputError: the file cannot be read or is no result of this program.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    try:
        version = msgspec.json.decode(data, type=_Version).format_version
        if version != FORMAT_VERSION:
            raise InputError(
                f"{path} has format version {version}; this program reads {FORMAT_VERSION}",
                "Read it with the version of glm-lsp that wrote it.",
            )
        return msgspec.json.decode(data, type=Result)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path} is not a result of `glm-lsp bench`: {error}") from error

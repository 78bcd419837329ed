"""One page of stored results: what `glm-lsp bench page` writes, without scripts and without anything to load."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from glm_lsp.bench.page_chart import chart, lines
from glm_lsp.bench.page_contents import ABOUT, HEADLINE
from glm_lsp.bench.page_figures import Spread, at, rows_of, spread_of
from glm_lsp.bench.page_style import STYLE
from glm_lsp.bench.result import Result, load
from glm_lsp.bench.table import cell
from glm_lsp.bench.tables import tables_of
from glm_lsp.errors import InputError

GENERATOR = '<meta name="generator" content="glm-lsp bench page">'
"""By this a page is known, so that it may be written anew."""

_LARGEST_BYTES = 64 * 2**20
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_ORDER = tuple(ABOUT)
_COMMIT_CHARS = 10
_MAIN = ' class="main"'


@dataclass(frozen=True, slots=True)
class Stored:
    """A result and the name of its file."""

    name: str
    result: Result


@dataclass(slots=True)
class Collection:
    """What lies in a folder.

    Attributes:
        results: the newest first.
        notes: of each file that cannot be read as a result, why.
    """

    results: list[Stored] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def collect(folder: Path) -> Collection:
    """The results that were stored in a folder; a file that is none leaves a note.

    Raises:
        InputError: the folder cannot be read, or no result lies in it.
    """
    remedy = "Store some: glm-lsp bench typing --output DIR."
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix == ".json")
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise InputError(f"the folder {folder} cannot be read: {reason}", remedy) from error
    found = Collection()
    for path in files:
        try:
            _check_file(path)
            found.results.append(Stored(path.name, load(path)))
        except InputError as error:
            found.notes.append(error.cause)
    found.results.sort(key=lambda one: (one.result.environment.date, one.name), reverse=True)
    if not found.results:
        reason = f": {found.notes[0]}" if found.notes else ""
        raise InputError(f"{folder} has no result of `glm-lsp bench`{reason}", remedy)
    return found


def page(found: Collection) -> str:
    """The whole page as HTML. Whatever comes out of the files is escaped: they may be anybody's."""
    kinds: dict[str, list[Stored]] = {}
    for one in found.results:
        kinds.setdefault(one.result.command, []).append(one)
    ordered = sorted(kinds, key=lambda kind: (_ORDER.index(kind) if kind in _ORDER else len(_ORDER), kind))
    body = "\n".join(_section(kinds[kind]) for kind in ordered)
    number = len(found.results)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n{GENERATOR}\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>glm-lsp: measurements</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        "<h1>glm-lsp: measurements</h1>\n"
        f'<p class="dim">{number} stored result{"s" * (number != 1)}; of each kind the newest is shown. '
        "Milliseconds; p95 means that 95 of 100 were at most so slow. "
        "Two results may be compared when machine, model and settings are the same.</p>\n"
        f"{_notes(found.notes)}{body}\n</body>\n</html>\n"
    )


def _section(stored: Sequence[Stored]) -> str:
    newest = stored[0].result
    parts = [
        f"<h2><code>bench {escape(newest.command)}</code></h2>",
        f"<p>{escape(ABOUT.get(newest.command, 'A measurement that this version does not know.'))}</p>",
        _facts(stored[0]),
    ]
    if warning := newest.environment.warning:
        parts.append(f'<p class="warning">{escape(warning[:1].upper() + warning[1:])}.</p>')
    parts += [f'<p class="warning">{escape(what)}</p>' for what in _broken(newest)]
    parts.append(_figures(newest))
    charts = [drawn for series in newest.series.values() if (drawn := chart(series))]
    if charts:
        parts.append(f'<div class="charts">{"".join(charts)}</div>')
    if len(stored) > 1:
        parts.append(_history(stored))
    parts.append(_details(newest))
    return f"<section>{''.join(parts)}</section>"


def _broken(result: Result) -> list[str]:
    """What should hold and did not, as the measurement itself found."""
    found = result.figures.get("broken")
    sentences = [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
    return [f"Did not hold: {'; '.join(sentences)}."] if sentences else []


def _facts(stored: Stored) -> str:
    about = stored.result.environment
    facts = {
        "measured": _minute(about.date),
        "model": f"{about.model} {about.precision} on {about.device or 'an engine elsewhere'}",
        "threads": about.threads,
        "machine": f"{about.processor}, {about.cores} cores",
        "system": about.system,
        "glm-lsp": about.glm_lsp + (f", commit {about.commit[:_COMMIT_CHARS]}" if about.commit else ""),
        "file": stored.name,
    }
    rows = "".join(
        f"<div><dt>{name}</dt><dd>{escape(str(value))}</dd></div>" for name, value in facts.items()
    )
    return f'<dl class="facts">{rows}</dl>'


def _figures(result: Result) -> str:
    spreads, numbers = rows_of(result.command, result.figures)
    parts = []
    if spreads:
        header = ("milliseconds", "samples", "p50", "p95", "p99", "max")
        parts.append(_table(header, (_spread_cells(one) for one in spreads)))
    if numbers:
        rows = ((one.label, one.value, one.meaning) for one in numbers)
        parts.append(_table(("figure", "value"), rows, main=1))
    return "".join(parts)


def _spread_cells(one: Spread) -> tuple[str, ...]:
    return (one.label, cell(one.count), *(cell(float(value)) for value in one.values), one.meaning)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], *, main: int = 2) -> str:
    """Rows have one cell more than the header: what stands small below the first. `main` matters most."""
    head = "".join(f"<th>{name}</th>" for name in header)
    body = "".join(f"<tr>{_cells(row[:-1], row[-1], main)}</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _cells(values: Sequence[str], meaning: str, main: int) -> str:
    small = f"<small>{escape(meaning)}</small>" if meaning else ""
    rest = "".join(
        f"<td{_MAIN if place == main else ''}>{escape(value)}</td>"
        for place, value in enumerate(values[1:], start=1)
    )
    return f"<td>{escape(values[0])}{small}</td>{rest}"


def _history(stored: Sequence[Stored]) -> str:
    """How the kind's main distribution went from run to run, the oldest first."""
    path, label = HEADLINE.get(stored[0].result.command, ("", ""))
    runs = []
    for one in reversed(stored):
        spread = next((spread_of(value) for _, value in at(one.result.figures, path)), None)
        if spread is not None:
            runs.append((one.result, spread))
    if len(runs) < 2:
        return ""
    newest = runs[-1][0]
    drawn = lines(
        {
            name: [(float(number), spread[place]) for number, (_, spread) in enumerate(runs, start=1)]
            for place, name in enumerate(("p50", "p95"))
        },
        title="From run to run",
        x="run, the oldest first",
        y="milliseconds",
        counts=True,
    )
    rows = [
        (
            _minute(run.environment.date),
            *(cell(float(value)) for value in spread),
            (run.environment.commit or "")[:_COMMIT_CHARS],
            "; ".join(_differences(run, newest)),
        )
        for run, spread in reversed(runs)
    ]
    header = ("run", "p50", "p95", "p99", "max", "commit")
    table = _table(header, rows, main=1)
    return f'<h3>History: {label}</h3><div class="charts">{drawn}</div>{table}'


def _differences(run: Result, newest: Result) -> list[str]:
    """What forbids to compare a run with the newest one."""
    mine, its = run.environment, newest.environment
    kinds = {
        "another machine": (mine.processor, mine.cores) != (its.processor, its.cores),
        "another model": (mine.model_hash, mine.precision) != (its.model_hash, its.precision),
        "another device or other threads": (mine.device, mine.threads) != (its.device, its.threads),
        "asked otherwise": run.parameters != newest.parameters,
        "the machine was busy": bool(mine.warning),
    }
    return [name for name, holds in kinds.items() if holds]


def _minute(date: str) -> str:
    """A date as results hold it, for people: to the minute, and whose minute where that is known."""
    return date[:16].replace("T", " ") + (" UTC" if date.endswith(("+00:00", "Z")) else "")


def _details(result: Result) -> str:
    try:
        text = tables_of(result)
    except InputError as error:
        return f'<p class="warning">{escape(error.cause)}</p>'
    return f"<details><summary>All tables</summary><pre>{escape(text)}</pre></details>"


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return ""
    rows = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<section class="notes"><h2>Left out</h2><ul>{rows}</ul></section>\n'


def _check_file(path: Path) -> None:
    """
    Raises:
        InputError: it is no file that could be a result: a pipe would be waited for, a huge one fill the memory.
    """
    try:
        if not path.is_file():
            raise InputError(f"{path} is not a regular file")
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError(f"{path} is larger than {_LARGEST_BYTES // 2**20} MiB")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error

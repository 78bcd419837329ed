"""`glm-lsp docstring`: documentation for definitions, put in, shown or only asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glm_lsp import terminal
from glm_lsp.cli_options import (
    DeviceOption,
    EngineUrlOption,
    JsonOption,
    ModelOption,
    ThreadsOption,
    settings_with,
)
from glm_lsp.docstring.dialect import STYLES, Style, style_of_setting
from glm_lsp.errors import (
    GlmError,
    InputError,
    NothingToDocumentError,
    PositionError,
    SourceNotFoundError,
    StorageError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from glm_lsp.config import Settings
    from glm_lsp.docstring.author import Author
    from glm_lsp.docstring.plan import Plan
    from glm_lsp.docstring_files import SourceToDocument, Target, Written


class Mode(StrEnum):
    """What becomes of it."""

    PRINT = "print"
    WRITE = "--write"
    DIFF = "--diff"
    CHECK = "--check"
    LIST = "--list"


_WRONG_USE = (SourceNotFoundError, PositionError, NothingToDocumentError)
"""What is so of several files too; all else may be in a file whose name came from a list."""


@dataclass(slots=True)
class _Run:
    """One run of the command: what was asked, what came of it so far."""

    mode: Mode
    as_json: bool
    style: Style | None
    private: bool
    is_alone: bool
    """One file was named: that it cannot be used is wrong use of the command."""
    status: int = 0
    objects: list[dict[str, Any]] = field(default_factory=list)
    num_documented: int = 0
    num_changed: int = 0
    num_lacking: int = 0
    num_in_vain: int = 0

    def fail(self, path: Path, error: GlmError) -> None:
        """Tells an error with a file."""
        from glm_lsp.docstring_report import error_as_json

        if self.as_json:
            self.objects.append(error_as_json(path, error))
        else:
            terminal.say(f"{error.code}: {error.cause}.\n  {error.remedy}")
        self.end_with(terminal.exit_status(error) if self.is_alone or isinstance(error, _WRONG_USE) else 1)

    def end_with(self, status: int) -> None:
        """Makes the exit status at least this."""
        self.status = max(self.status, status)


def docstring(
    places: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE[:LINE]...",
            help="With LINE, from 1, the definition there; without, all public ones without documentation.",
        ),
    ],
    *,
    private: Annotated[
        bool, typer.Option("--all", help="Private and nested ones, too; and complete what is incomplete.")
    ] = False,
    style: Annotated[Style | None, typer.Option(help="Instead of the project's own.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Put it into the files.")] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Print a unified diff; exit 1 if it is not empty.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Only tell what is missing, without a model; exit 1 if anything is."),
    ] = False,
    list_all: Annotated[
        bool, typer.Option("--list", help="Only tell what there is and what of it is documented.")
    ] = False,
    as_json: JsonOption = False,
    model: ModelOption = None,
    engine_url: EngineUrlOption = None,
    device: DeviceOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Docstrings and doc comments for definitions that have none, in the project's own style."""
    import asyncio

    from glm_lsp.docstring_files import targets

    settings = settings_with(model=model, engineUrl=engine_url, device=device, threads=threads)
    mode = _mode({Mode.WRITE: write, Mode.DIFF: diff, Mode.CHECK: check, Mode.LIST: list_all})
    named = targets(places)
    style = style or style_of_setting(settings.docstring_style)
    run = _Run(mode, as_json, style, private, is_alone=len(named) == 1)
    try:
        if mode in {Mode.CHECK, Mode.LIST}:
            _look(run, named)
        else:
            asyncio.run(_document(run, named, settings))
    except KeyboardInterrupt:
        run.status = terminal.INTERRUPTED
    if as_json:
        terminal.print_json(run.objects)
    _sum_up(run)
    raise typer.Exit(run.status)


def _mode(given: dict[Mode, bool]) -> Mode:
    chosen = [mode for mode, is_given in given.items() if is_given]
    if len(chosen) > 1:
        raise InputError(f"{' and '.join(chosen)} exclude each other", "Give one of them.")
    return chosen[0] if chosen else Mode.PRINT


def _look(run: _Run, named: Sequence[Target]) -> None:
    """Tells what there is, or what is missing."""
    from glm_lsp.docstring_report import item_as_json, item_as_text

    for target in named:
        found = _read(run, target)
        if found is None:
            continue
        lacking = found.lacking(completes=run.private)
        run.num_lacking += len(lacking)
        run.num_in_vain += sum(item.is_wished and bool(item.reason) for item in found.items)
        for item in lacking if run.mode is Mode.CHECK else found.items:
            if run.as_json:
                run.objects.append(item_as_json(found, item))
            else:
                terminal.print_source(item_as_text(found, item))
    if run.mode is Mode.CHECK and run.num_lacking:
        run.end_with(1)


async def _document(run: _Run, named: Sequence[Target], settings: Settings) -> None:
    """One file after the other, so that each is what it was a moment ago, and none waits in memory.

    What one file is refused for is told, and the next one's turn comes; an engine that fails ends the run.
    """
    from contextlib import AsyncExitStack

    from glm_lsp.cli_complete import engine_client
    from glm_lsp.docstring.authors.choice import author_for

    author: Author | None = None
    async with AsyncExitStack() as engine:
        for number, target in enumerate(named, start=1):
            try:
                found = _read(run, target)
                plans = found.plans(completes=run.private) if found else ()
                if found is None or not plans:
                    continue
                if author is None:
                    author = await author_for(await engine.enter_async_context(engine_client(settings)))
                where = "" if run.is_alone else f" ({number} of {len(named)})"
                _put(run, await _written(found, plans, author, f"{target.path.name}{where}"))
            except (InputError, StorageError) as error:
                run.fail(target.path, error)
            except GlmError as error:
                run.fail(target.path, error)
                return


def _read(run: _Run, target: Target) -> SourceToDocument | None:
    """A file to be documented; None where it was told why it is not."""
    from glm_lsp.docstring_files import SourceToDocument
    from glm_lsp.source_file import language_id

    language = language_id(target.path)
    if not run.is_alone and not target.has_grammar:
        terminal.say(f"{target.path}: left out, documentation is not written in {language or 'such files'}")
        return None
    if run.style and run.style not in STYLES.get(language, (run.style,)):
        terminal.say(f"{target.path}: {run.style} is no style of {language}, so the project's own is taken")
    try:
        return SourceToDocument.read(target, run.style, private=run.private)
    except InputError as error:
        run.fail(target.path, error)
        return None


async def _written(found: SourceToDocument, plans: tuple[Plan, ...], author: Author, title: str) -> Written:
    from glm_lsp.docstring_files import write
    from glm_lsp.progress import progress_bar

    total, done = sum(plan.num_slots for plan in plans), 0
    with progress_bar(title) as bar:

        def note() -> None:
            nonlocal done
            done += 1
            bar(done, total)

        return await write(found, plans, author, note)


def _put(run: _Run, written: Written) -> None:
    """One file's documentation to where it goes, as soon as all of the file is there."""
    from glm_lsp.docstring.inventory import title
    from glm_lsp.docstring_report import as_diff, as_json, as_text

    for entity in written.proposal.refused:
        terminal.say(f"{written.target.file.path}: {title(entity)} left out: it would have touched code")
        run.end_with(1)
    if run.mode is Mode.WRITE:
        run.num_changed += written.target.file.replace(written.proposal.text)
    run.num_documented += len(written.proposal.documented)
    if run.as_json:
        run.objects += as_json(written)
    elif run.mode is Mode.DIFF:
        terminal.print_source(as_diff(written), end="")
    elif run.mode is Mode.PRINT:
        terminal.print_source(as_text(written))
    if run.mode is Mode.DIFF and written.proposal.insertions:
        run.end_with(1)


def _sum_up(run: _Run) -> None:
    if run.mode is Mode.WRITE and run.num_changed:
        files = f"{run.num_changed} file{'s' * (run.num_changed > 1)}"
        terminal.say(f"documented {run.num_documented} in {files}")
    elif run.mode is Mode.CHECK and run.num_lacking:
        many = run.num_lacking
        terminal.say(f"{many} to be documented; the same with --write in place of --check does it")
    if run.mode is Mode.CHECK and run.num_in_vain:
        terminal.say(f"{run.num_in_vain} cannot be documented; --list tells why")
    if run.mode not in {Mode.CHECK, Mode.LIST} and not (run.num_documented or run.status):
        terminal.say("nothing to document")

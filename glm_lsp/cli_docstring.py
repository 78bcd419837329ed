"""`glm-lsp docstring`: documentation for definitions, put in, shown or only asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
from glm_lsp.errors import GlmError, InputError, StorageError

if TYPE_CHECKING:
    from glm_lsp.config import Settings
    from glm_lsp.docstring.plan import Plan
    from glm_lsp.docstring_files import SourceToDocument, Target, Written


class Mode(StrEnum):
    """What becomes of it."""

    PRINT = "print"
    WRITE = "--write"
    DIFF = "--diff"
    CHECK = "--check"
    LIST = "--list"


@dataclass(slots=True)
class _Run:
    """One run of the command: what was asked, what came of it so far."""

    mode: Mode
    as_json: bool
    is_alone: bool
    """One file was named: what is wrong with it is the command's own failure."""
    status: int = 0
    objects: list[dict[str, Any]] = field(default_factory=list)
    num_documented: int = 0
    num_changed: int = 0

    def fail(self, error: GlmError) -> None:
        """Tells an error with one of several files."""
        if self.is_alone:
            raise error
        terminal.say(f"{error.code}: {error.cause}.\n  {error.remedy}")
        self.status = max(self.status, terminal.exit_status(error))


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
    from glm_lsp.docstring_files import targets

    settings = settings_with(model=model, engineUrl=engine_url, device=device, threads=threads)
    mode = _mode({Mode.WRITE: write, Mode.DIFF: diff, Mode.CHECK: check, Mode.LIST: list_all})
    named = targets(places)
    run = _Run(mode, as_json, is_alone=len(named) == 1)
    style = style or style_of_setting(settings.docstring_style)
    found = list(_read(run, named, style, private=private))
    if mode in {Mode.CHECK, Mode.LIST}:
        _tell(run, found, completes=private)
    else:
        _document(run, found, settings, completes=private)
    if as_json:
        terminal.print_json(run.objects)
    raise typer.Exit(run.status)


def _mode(given: dict[Mode, bool]) -> Mode:
    chosen = [mode for mode, is_given in given.items() if is_given]
    if len(chosen) > 1:
        raise InputError(f"{' and '.join(chosen)} exclude each other", "Give one of them.")
    return chosen[0] if chosen else Mode.PRINT


def _read(
    run: _Run, named: Sequence[Target], style: Style | None, *, private: bool
) -> Iterator[SourceToDocument]:
    from glm_lsp.docstring_files import SourceToDocument
    from glm_lsp.source_file import language_id

    for target in named:
        language = language_id(target.path)
        if not run.is_alone and not target.has_grammar:
            terminal.say(
                f"{target.path}: left out, documentation is not written in {language or 'such files'}"
            )
            continue
        if style and style not in STYLES.get(language, (style,)):
            terminal.say(f"{target.path}: {style} is no style of {language}, so the project's own is taken")
        try:
            yield SourceToDocument.read(target, style, private=private)
        except InputError as error:
            run.fail(error)


def _tell(run: _Run, found: Sequence[SourceToDocument], *, completes: bool) -> None:
    from glm_lsp.docstring_report import item_as_json, item_as_text

    num_lacking = 0
    for target in found:
        lacking = target.lacking(completes=completes)
        num_lacking += len(lacking)
        for item in lacking if run.mode is Mode.CHECK else target.items:
            if run.as_json:
                run.objects.append(item_as_json(target, item))
            else:
                print(item_as_text(target, item))
    if run.mode is Mode.CHECK and num_lacking:
        run.status = max(run.status, 1)
        terminal.say(f"{num_lacking} to be documented; the same with --write in place of --check does it")


def _document(run: _Run, found: Sequence[SourceToDocument], settings: Settings, *, completes: bool) -> None:
    import asyncio

    work = []
    for target in found:
        try:
            if plans := target.plans(completes=completes):
                work.append((target, plans))
        except InputError as error:
            run.fail(error)
    if work:
        asyncio.run(_write(work, settings, lambda one: _put(run, one), run.fail))
    elif not run.status:
        terminal.say("nothing to document")
    if run.mode is Mode.WRITE and run.num_changed:
        terminal.say(
            f"documented {run.num_documented} in {run.num_changed} file{'s' * (run.num_changed > 1)}"
        )


async def _write(
    work: Sequence[tuple[SourceToDocument, tuple[Plan, ...]]],
    settings: Settings,
    put: Callable[[Written], None],
    fail: Callable[[GlmError], None],
) -> None:
    from glm_lsp.cli_complete import engine_client
    from glm_lsp.docstring.authors import author_for
    from glm_lsp.docstring_files import write
    from glm_lsp.progress import progress_bar

    total = sum(plan.num_slots for _, plans in work for plan in plans)
    done = 0
    async with engine_client(settings) as client:
        author = await author_for(client)
        with progress_bar("writing") as bar:

            def note() -> None:
                nonlocal done
                done += 1
                bar(done, total)

            for target, plans in work:
                try:
                    put(await write(target, plans, author, note))
                except (InputError, StorageError) as error:
                    fail(error)


def _put(run: _Run, written: Written) -> None:
    """One file's documentation to where it goes, as soon as all of the file is there."""
    from glm_lsp.docstring.inventory import title
    from glm_lsp.docstring_report import as_diff, as_json, as_text

    for entity in written.proposal.refused:
        terminal.say(f"{written.target.file.path}: {title(entity)} left out: it would have touched code")
        run.status = max(run.status, 1)
    run.num_documented += len(written.proposal.documented)
    if run.mode is Mode.WRITE:
        run.num_changed += written.target.file.replace(written.proposal.text)
    if run.as_json:
        run.objects += as_json(written)
    elif run.mode is Mode.DIFF:
        _print_exactly(as_diff(written))
    elif run.mode is Mode.PRINT:
        print(as_text(written))
    if run.mode is Mode.DIFF and written.proposal.insertions:
        run.status = max(run.status, 1)


def _print_exactly(text: str) -> None:
    """In UTF-8 and with its own line ends, whatever the terminal's are."""
    import sys

    sys.stdout.flush()
    if buffer := getattr(sys.stdout, "buffer", None):
        buffer.write(text.encode("utf-8"))
    else:
        sys.stdout.write(text)

"""`glm-lsp bench page`: stored results as one page for a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glm_lsp import terminal
from glm_lsp.errors import InputError

NAME = "index.html"
_HEAD_CHARS = 1000


def page(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where results were stored with --output.")],
    *,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help=f"DIR/{NAME} if left out.")
    ] = None,
) -> None:
    """All results of a folder as one page for a browser."""
    from glm_lsp.bench.page import collect
    from glm_lsp.bench.page import page as as_page

    found = collect(folder)
    for note in found.notes:
        terminal.say(f"left out: {note}")
    if output is None:
        output = folder / NAME
        _check_ours(output)
    _write(output, as_page(found))
    terminal.say(f"written: {output}")


def _check_ours(path: Path) -> None:
    """
    Raises:
        InputError: there is a file that somebody else has written.
    """
    from glm_lsp.bench.page import GENERATOR

    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            is_ours = GENERATOR in file.read(_HEAD_CHARS)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if not is_ours:
        raise InputError(
            f"{path} is there already and is not a page of this program", "Name a file with --output."
        )


def _write(path: Path, text: str) -> None:
    """In one step, so that whoever reads it has the old page or the new one.

    Raises:
        StorageError: it cannot be written.
    """
    from glm_lsp.paths import storage_error

    draft = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, "utf-8")
        draft.replace(path)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError):
            draft.unlink(missing_ok=True)
            raise storage_error(path, error) from error
        raise InputError(f"{path} cannot be written: {error}") from error

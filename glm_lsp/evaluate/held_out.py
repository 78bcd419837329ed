"""Text for measuring: a corpus split, named files, or our own sources."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from glm_lsp.completion.prompt import LANGUAGE_NAMES
from glm_lsp.errors import InputError
from glm_lsp.source_file import language_id, read_source

OWN_SOURCES = "the sources of the installed glm-lsp, on which the starter was not trained"


class HeldOutFile(NamedTuple):
    """One source file; `path` as the model shall see it, `language` as LSP names it."""

    path: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Files to measure on, in order, and words that say where they come from."""

    files: list[HeldOutFile]
    description: str

    @property
    def num_bytes(self) -> int:
        """UTF-8 bytes of all texts."""
        return sum(len(file.text.encode(errors="surrogatepass")) for file in self.files)

    @property
    def sha256(self) -> str:
        """One value for all paths and texts: two runs with the same value have measured on the same data."""
        digest = hashlib.sha256()
        for file in self.files:
            for part in (file.path, file.text):
                digest.update(part.encode(errors="surrogatepass") + b"\0")
        return digest.hexdigest()

    def only(self, language: str) -> HeldOut:
        """The files in one language."""
        files = [file for file in self.files if file.language == language]
        return HeldOut(files, f"{self.description}, {language} only")


def held_out(paths: Sequence[Path], *, are_files: bool, max_bytes: int | None = None) -> HeldOut:
    """The files that a command names, blank ones left out; without names the program's own.

    Args:
        paths: one split of a corpus (JSON lines), or source files and folders of them.
        are_files: whether `paths` are source files and folders.
        max_bytes: about so much of it, every k-th file; everything if None.

    Raises:
        InputError: nothing usable was named.
    """
    if not paths and not are_files:
        files = list(_own_sources())
        description = OWN_SOURCES
    elif are_files:
        files = [_read(path) for path in _expanded(paths)]
        description = ", ".join(str(path) for path in paths)
    elif len(paths) == 1:
        files = held_out_files(paths[0], None)
        split = paths[0].resolve()
        description = f"{split.parent.name}/{split.name}"
    else:
        raise InputError("a corpus split is one file", "To measure on source files add --files.")
    files = _with_text(files)
    if not files:
        raise InputError(f"{description or 'the list of files'} holds no text to measure on")
    return HeldOut(_every_kth(files, max_bytes), description)


def held_out_files(corpus: Path, max_bytes: int | None, languages: Collection[str] = ()) -> list[HeldOutFile]:
    """Every k-th file with text of a corpus split, about `max_bytes` in all; every one if that is None.

    With `languages` (as LSP names them) the files in others are as if they were not there.

    Raises:
        InputError: the file is missing or not a corpus split.
    """
    try:
        # Not splitlines: JSON may hold line separators that are none of its own.
        lines = corpus.read_text(encoding="utf-8").split("\n")
        files = [_from_json(line) for line in lines if line.strip()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"{corpus} is not a corpus split: {type(error).__name__}: {error}"
        raise InputError(reason, "Name a .jsonl file of glm_lsp.train.corpus, or add --files.") from error
    chosen = [file for file in files if not languages or file.language in languages]
    return _every_kth(_with_text(chosen), max_bytes)


def _from_json(line: str) -> HeldOutFile:
    document = json.loads(line)
    file = HeldOutFile(document["path"], document["language"], document["text"])
    for part in file:
        part.encode()  # half characters have no bytes to count
    return file


def _with_text(files: list[HeldOutFile]) -> list[HeldOutFile]:
    return [file for file in files if file.text.strip()]


def _every_kth(files: list[HeldOutFile], max_bytes: int | None) -> list[HeldOutFile]:
    if max_bytes is None:
        return files
    return files[:: max(1, round(sum(len(file.text) for file in files) / max_bytes))]


def _own_sources() -> Iterator[HeldOutFile]:
    root = Path(str(resources.files("glm_lsp")))
    for path in sorted(root.rglob("*.py")):
        yield HeldOutFile(path.relative_to(root.parent).as_posix(), "python", path.read_text("utf-8"))


def _expanded(paths: Sequence[Path]) -> list[Path]:
    """Files as they are named; of a folder every file in a known language, hidden ones left out."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(each for each in path.rglob("*") if language_id(each) in LANGUAGE_NAMES)
        found += [each for each in inside if each.is_file() and not _is_hidden(each.relative_to(path))]
    return found


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _read(path: Path) -> HeldOutFile:
    return HeldOutFile(path.as_posix().lstrip("/"), language_id(path), read_source(path))

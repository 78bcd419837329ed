"""Whether a model folder's files are those its manifest names, and stay inside the folder.

`verify` reads every byte. `check_at_start` is for every engine start: it hashes files below 256 MiB each time
and larger ones once, remembering by size, modification time and inode that they were found intact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from glm_lsp.errors import ModelFileError
from glm_lsp.models.manifest import MANIFEST_FILE, FileEntry, Manifest, is_inside_name

ALWAYS_HASHED_BYTES = 256 << 20
MEMORY_FILE = "verified.json"
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FileResult:
    """What was found of one file; `problem` is empty when it is intact."""

    name: str
    bytes: int
    problem: str = ""


def hash_file(path: Path, on_bytes: Callable[[int], None] = lambda _: None) -> str:
    """SHA-256 of a file in hexadecimal, read in pieces of 1 MiB; `on_bytes` is told of each."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            on_bytes(len(chunk))
    return digest.hexdigest()


def describe_file(path: Path) -> FileEntry:
    """The manifest entry of a file as it is now."""
    return FileEntry(sha256=hash_file(path), bytes=path.stat().st_size)


def describe_folder(folder: Path) -> dict[str, FileEntry]:
    """The manifest entries of all files of a model folder as they are now, by name."""
    return {name: describe_file(folder / name) for name in _file_names(folder)}


def verify(folder: Path, manifest: Manifest) -> Iterator[FileResult]:
    """Checks every file in full and yields one result for each, bad ones and those not in the manifest included."""
    for name, entry in manifest.files.items():
        problem = _problem(folder, name, entry) or _hash_problem(folder / name, entry)
        yield FileResult(name, entry.bytes, problem)
    for name in _file_names(folder):
        if name not in manifest.files:
            yield FileResult(name, (folder / name).lstat().st_size, "is not in the manifest")


def require_intact(folder: Path, manifest: Manifest) -> None:
    """As `verify`, for callers who want an error.

    Raises:
        ModelFileError: names every file that is missing, differs or is not in the manifest.
    """
    _raise_for(folder, [result for result in verify(folder, manifest) if result.problem])


def check_at_start(folder: Path, manifest: Manifest, cache: Path | None) -> None:
    """The check of every engine start; see the module. `cache` is the folder of its memory, if there is one.

    Raises:
        ModelFileError: names every file that is missing or differs.
    """
    known = _recall(cache) if cache else {}
    results = []
    for name, entry in manifest.files.items():
        problem = _problem(folder, name, entry)
        mark = "" if problem else _mark(folder / name)
        if not problem and (entry.bytes < ALWAYS_HASHED_BYTES or known.get(mark) != entry.sha256):
            problem = _hash_problem(folder / name, entry)
            if not problem and entry.bytes >= ALWAYS_HASHED_BYTES:
                known[mark] = entry.sha256
                _remember(cache, known)
        results.append(FileResult(name, entry.bytes, problem))
    _raise_for(folder, [result for result in results if result.problem])


def _file_names(folder: Path) -> list[str]:
    """Names relative to the folder, sorted. Neither the manifest nor hidden files, which desktops leave anywhere."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return sorted(name for name in names if name != MANIFEST_FILE and not name.startswith("."))


def _problem(folder: Path, name: str, entry: FileEntry) -> str:
    """What can be seen without reading the file."""
    path = folder / name
    if not is_inside_name(name) or not path.resolve().is_relative_to(folder.resolve()):
        return "lies outside the model folder"
    if not path.is_file():
        return "is missing"
    size = path.stat().st_size
    return "" if size == entry.bytes else f"has {size} bytes instead of {entry.bytes}"


def _hash_problem(path: Path, entry: FileEntry) -> str:
    if not path.is_file():
        return ""  # already told by `_problem`
    try:
        return "" if hash_file(path) == entry.sha256 else "has other contents (SHA-256 differs)"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _raise_for(folder: Path, bad: list[FileResult]) -> None:
    if bad:
        raise ModelFileError(f"in {folder} " + "; ".join(f"{result.name} {result.problem}" for result in bad))


def _mark(path: Path) -> str:
    """Changes whenever the file is written or replaced by ordinary means."""
    found = path.stat()
    return f"{found.st_dev}:{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"


def _recall(cache: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode((cache / MEMORY_FILE).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.MsgspecError):
        return {}


def _remember(cache: Path | None, known: dict[str, str]) -> None:
    # Losing this memory only costs another hash, so an unwritable cache is no error.
    if cache:
        with suppress(OSError):
            (cache / MEMORY_FILE).write_bytes(msgspec.json.encode(known))

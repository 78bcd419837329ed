"""A corpus as compressed parts of limited size, and the parts as the corpus again.

Each part is on its own a fair sample of all packages and languages: which one a file goes to is decided by a
hash of its package and path. Inside a part files keep their order, by package and path, which packs best.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import lzma
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import msgspec

from glm_lsp.errors import InputError, TrainingError
from glm_lsp.paths import storage_error
from glm_lsp.train.corpus.parallel import mapped

INDEX = "parts.json"
RATIO = 5.0  # text to compressed; source code packs at least that well, and one part more is no harm
# A window over a whole part: files of one kind lie far apart. Unpacking needs as much memory.
_FILTERS: list[dict[str, Any]] = [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 1 << 28}]
_NO_DOCUMENT = (ValueError, KeyError, TypeError)  # what a line that is none leads to
_PATHS = (PurePosixPath, PureWindowsPath)


@dataclass(frozen=True, slots=True)
class Part:
    """One compressed part: its file name, sha256, size in bytes and number of documents."""

    name: str
    sha256: str
    size: int
    documents: int


@dataclass(frozen=True, slots=True)
class _Index:
    """parts.json."""

    corpus: str
    sha256: str
    parts: list[Part]


def pack(corpus: Path, folder: Path, max_bytes: int, *, jobs: int = 1) -> list[Part]:
    """Writes the parts of a split and parts.json, which names them and what they come from.

    Args:
        corpus: train.jsonl or another split.
        folder: gets the parts; made when missing.
        max_bytes: of a compressed part. As many parts are made as that takes.
        jobs: parts compressed at a time.

    Raises:
        InputError: the corpus cannot be read or is none, `folder` is a file, or `max_bytes` is not above 0.
        TrainingError: one document alone is larger than a part may be.
        StorageError: the parts cannot be written.
    """
    if max_bytes < 1:
        raise InputError(f"no part can have {max_bytes} bytes", "Allow larger parts.")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is not a folder", "Name a folder for the parts.")
    size, whole = _looked_through(corpus)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        parts = _pack(corpus, folder, max_bytes, max(1, -(-size // int(max_bytes * RATIO))), jobs)
        index = _Index(corpus.name, whole, parts)
        (folder / INDEX).write_text(json.dumps(asdict(index), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise storage_error(folder, error) from error
    return parts


def _looked_through(corpus: Path) -> tuple[int, str]:
    """Size in bytes and sha256 of a corpus whose lines are all documents."""
    digest, size = hashlib.sha256(), 0
    try:
        with corpus.open("rb") as file:
            for number, line in enumerate(file, start=1):
                _require_document(corpus, number, line)
                digest.update(line)
                size += len(line)
    except OSError as error:
        raise InputError(f"{corpus} cannot be read: {error}", "Build the corpus first.") from error
    return size, digest.hexdigest()


def _require_document(corpus: Path, number: int, line: bytes) -> None:
    try:
        _place(line, 1)
    except (*_NO_DOCUMENT, RecursionError) as error:
        raise InputError(
            f"line {number} of {corpus} is not a document of a corpus: {type(error).__name__}: {error!s:.200}",
            "Name train.jsonl or another split that `build` wrote.",
        ) from error


def _pack(corpus: Path, folder: Path, max_bytes: int, count: int, jobs: int) -> list[Part]:
    """Writes `count` parts, or as many more as it takes."""
    while True:
        parts = list(mapped(_packed, (corpus, folder, count), range(count), jobs))
        if all(part.size <= max_bytes for part in parts):
            return parts
        for part in parts:
            (folder / part.name).unlink()
        if count >= sum(part.documents for part in parts):
            raise TrainingError(f"no part of {max_bytes} bytes holds its documents", "Allow larger parts.")
        count += 1


def unpack(folder: Path, corpus: Path, only: Sequence[int] | None = None) -> int:
    """Puts the parts together again, in the order of the packed file; returns the number of documents.

    Args:
        folder: of the parts and parts.json.
        corpus: the file to write; it appears whole or not at all.
        only: numbers of the parts to take, from 1 on; all of them when omitted or empty.

    Raises:
        InputError: `folder` holds no parts.json or not all of the parts asked for, or `corpus` is a folder.
        TrainingError: a part is missing or damaged, or the result is not the packed file.
        StorageError: `corpus` cannot be written.
    """
    index = _index(folder)
    parts = index.parts
    if corpus.is_dir():
        raise InputError(f"{corpus} is a folder", "Name the file to write.")
    wanted = sorted(set(only)) if only else list(range(1, len(parts) + 1))
    if not set(wanted) <= set(range(1, len(parts) + 1)):
        raise InputError(f"there are parts 1 to {len(parts)} in {folder}", "Name some of these.")
    chosen = [parts[number - 1] for number in wanted]
    for part in chosen:
        _check(folder, part)
    unfinished = corpus.with_name(corpus.name + ".part")
    try:
        corpus.parent.mkdir(parents=True, exist_ok=True)
        digest, documents = _merge([folder / part.name for part in chosen], unfinished)
        if len(chosen) == len(parts) and digest != index.sha256:
            raise TrainingError(f"{folder} does not give the file it was made of", "Pack the corpus again.")
        unfinished.replace(corpus)
    except (*_NO_DOCUMENT, lzma.LZMAError, EOFError) as error:
        raise TrainingError(
            f"{folder} holds a part that is none of a corpus: {type(error).__name__}: {error!s:.200}",
            "Pack the corpus again.",
        ) from error
    except OSError as error:
        raise storage_error(corpus, error) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return documents


def _merge(parts: Sequence[Path], out: Path) -> tuple[str, int]:
    """Writes the documents of all parts in order; returns their sha256 and number."""
    digest, documents = hashlib.sha256(), 0
    with ExitStack() as stack, out.open("wb") as file:
        streams = [stack.enter_context(lzma.open(part)) for part in parts]
        for line in heapq.merge(*streams, key=_key):
            file.write(line)
            digest.update(line)
            documents += 1
    return digest.hexdigest(), documents


def _packed(work: tuple[Path, Path, int], place: int) -> Part:
    """Writes one part. `work` is the corpus, the folder, and how many parts there are."""
    corpus, folder, count = work
    path = folder / f"{corpus.stem}-{place + 1}of{count}.jsonl.xz"
    documents = 0
    with lzma.open(path, "wb", format=lzma.FORMAT_XZ, filters=_FILTERS) as out:
        for line in _lines(corpus, count, place):
            out.write(line)
            documents += 1
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Part(path.name, digest, path.stat().st_size, documents)


def _lines(corpus: Path, count: int, place: int) -> Iterator[bytes]:
    """The documents of one part."""
    with corpus.open("rb") as file:
        for line in file:
            if _place(line, count) == place:
                yield line


def _place(line: bytes, count: int) -> int:
    """Which of `count` parts a document goes to."""
    name = "/".join(_key(line)).encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "little") % count


def _key(line: bytes) -> tuple[str, str]:
    row = json.loads(line)
    return row["package"], row["path"]


def _index(folder: Path) -> _Index:
    path = folder / INDEX
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}", "Name the folder that `pack` wrote.") from error
    try:
        index = msgspec.json.decode(content, type=_Index)
    except ValueError as error:
        raise TrainingError(f"{path} is no index of parts: {error}", "Bring it again.") from error
    for part in index.parts:
        # On any system: a name from elsewhere must not lead out of the folder.
        if part.name in ("", "..") or {part.name} != {kind(part.name).name for kind in _PATHS}:
            raise TrainingError(
                f"{path} names a part {part.name!r}, which is no file name", "Bring it again."
            )
    return index


def _check(folder: Path, part: Part) -> None:
    path = folder / part.name
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path} cannot be read: {error}", "Bring that part, too.") from error
    if found != part.sha256:
        raise TrainingError(f"{path} has sha256 {found}, its index says {part.sha256}", "Bring it again.")

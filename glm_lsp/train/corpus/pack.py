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
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from glm_lsp.errors import TrainingError
from glm_lsp.train.corpus.parallel import mapped

INDEX = "parts.json"
RATIO = 5.0  # text to compressed; source code packs at least that well, and one part more is no harm
# A window over a whole part: files of one kind lie far apart. Unpacking needs as much memory.
_FILTERS: list[dict[str, Any]] = [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 1 << 28}]


@dataclass(frozen=True, slots=True)
class Part:
    """One compressed part: its file name, sha256, size in bytes and number of documents."""

    name: str
    sha256: str
    size: int
    documents: int


def pack(corpus: Path, folder: Path, max_bytes: int, *, jobs: int = 1) -> list[Part]:
    """Writes the parts of a split and parts.json, which names them and what they come from.

    Args:
        corpus: train.jsonl or another split.
        folder: gets the parts; made when missing.
        max_bytes: of a compressed part. As many parts are made as that takes.
        jobs: parts compressed at a time.

    Raises:
        TrainingError: the corpus cannot be read, or one document alone is larger than a part may be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        size = corpus.stat().st_size
        with corpus.open("rb") as file:
            whole = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TrainingError(f"{corpus} cannot be read: {error}", "Build the corpus first.") from error
    count = max(1, -(-size // int(max_bytes * RATIO)))
    while True:
        parts = list(mapped(_packed, (corpus, folder, count), range(count), jobs))
        if all(part.size <= max_bytes for part in parts):
            break
        for part in parts:
            (folder / part.name).unlink()
        if count >= sum(part.documents for part in parts):
            raise TrainingError(f"no part of {max_bytes} bytes holds its documents", "Allow larger parts.")
        count += 1
    index = {"corpus": corpus.name, "sha256": whole, "parts": [asdict(part) for part in parts]}
    (folder / INDEX).write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    return parts


def unpack(folder: Path, corpus: Path, only: Sequence[int] | None = None) -> int:
    """Puts the parts together again, in the order of the packed file; returns the number of documents.

    Args:
        folder: of the parts and parts.json.
        corpus: the file to write; it appears whole or not at all.
        only: numbers of the parts to take, from 1 on; all of them when omitted or empty.

    Raises:
        TrainingError: a part is missing or damaged, or the result is not the packed file.
    """
    index = _index(folder)
    parts = [Part(**row) for row in index["parts"]]
    wanted = sorted(set(only)) if only else list(range(1, len(parts) + 1))
    if not set(wanted) <= set(range(1, len(parts) + 1)):
        raise TrainingError(f"there are parts 1 to {len(parts)} in {folder}", "Name some of these.")
    chosen = [parts[number - 1] for number in wanted]
    for part in chosen:
        _check(folder, part)
    digest, documents = hashlib.sha256(), 0
    unfinished = corpus.with_name(corpus.name + ".part")
    corpus.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack, unfinished.open("wb") as out:
        streams = [stack.enter_context(lzma.open(folder / part.name)) for part in chosen]
        for line in heapq.merge(*streams, key=_key):
            out.write(line)
            digest.update(line)
            documents += 1
    if len(chosen) == len(parts) and digest.hexdigest() != index["sha256"]:
        unfinished.unlink()
        raise TrainingError(f"{folder} does not give the file it was made of", "Pack the corpus again.")
    unfinished.replace(corpus)
    return documents


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
            name = "/".join(_key(line)).encode()
            if int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "little") % count == place:
                yield line


def _key(line: bytes) -> tuple[str, str]:
    row = json.loads(line)
    return row["package"], row["path"]


def _index(folder: Path) -> dict[str, Any]:
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{folder / INDEX} cannot be read: {error}", "Name the folder that `pack` wrote."
        ) from error
    return index


def _check(folder: Path, part: Part) -> None:
    path = folder / part.name
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error}", "Bring that part, too.") from error
    if found != part.sha256:
        raise TrainingError(f"{path} has sha256 {found}, its index says {part.sha256}", "Bring it again.")

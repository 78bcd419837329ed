"""Files of one commit into a folder that appears when all of them are there and right.

Until then they lie in a hidden folder beside it: `.NAME.partial/FILE` is complete and its hash was compared,
`.NAME.partial/FILE.part` is the beginning of one. So an interrupted download goes on with its last byte.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import msgspec

from glm_lsp.byte_size import BytesDone
from glm_lsp.engine.process.lock import ProcessLock
from glm_lsp.errors import HubFileError, InputError
from glm_lsp.importing.hub_files import HubFile, is_weights
from glm_lsp.importing.room import require_room
from glm_lsp.paths import runtime_dir, storage_error

Transfer = Callable[[HubFile, Any, int], None]
"""Writes a file's bytes from an offset on to a sink that stands at it."""

CHUNK_BYTES = 2**20

PARTIAL = ".partial"
_BEGUN = ".part"


class Origin(msgspec.Struct, frozen=True):
    """What a downloaded folder holds: `files` has the size in bytes of each; kept in `Origin.FILE` inside it."""

    repo_id: str
    revision: str
    licence: str
    files: dict[str, int]

    FILE: ClassVar[str] = ".glm-lsp-origin.json"

    @classmethod
    def read(cls, folder: Path) -> Origin | None:
        """What a folder says of itself; None if it was not downloaded by this program."""
        try:
            return msgspec.json.decode((folder / cls.FILE).read_bytes(), type=cls)
        except (OSError, msgspec.MsgspecError):
            return None

    def is_complete(self, folder: Path) -> bool:
        """Whether every file is there in its size."""
        return all(_size(folder / name) == size for name, size in self.files.items())


class Memory(io.RawIOBase):
    """A sink for a small file; more than `limit` bytes are refused."""

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self._limit = limit

    def write(self, data: Any, /) -> int:
        """Takes all of it.

        Raises:
            HubFileError: it does not end where it should.
        """
        self.data += data
        if len(self.data) > self._limit:
            raise HubFileError(f"a file goes on after its {self._limit} bytes")
        return len(data)

    def tell(self) -> int:
        return len(self.data)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        del self.data[offset:]
        return len(self.data)

    def truncate(self, size: int | None = None, /) -> int:
        return len(self.data)


class _Sink:
    """A file that is being written, which tells how far it is and takes no more than it should."""

    def __init__(self, file: BinaryIO, expected: HubFile, told: Callable[[int], None]) -> None:
        self._file = file
        self._expected = expected
        self._told = told
        self.tell = file.tell
        self.seek = file.seek
        self.truncate = file.truncate

    def write(self, data: bytes) -> int:
        if self._file.tell() + len(data) > self._expected.bytes:
            raise HubFileError(f"{self._expected.name} goes on after its {self._expected.bytes} bytes")
        try:
            written = self._file.write(data)
        except OSError as error:  # ours, and not the network's, as the client would see it
            raise storage_error(Path(self._file.name), error) from error
        self._told(self._file.tell())
        return written


def fetch_files(
    files: Sequence[HubFile], folder: Path, origin: Origin, transfer: Transfer, progress: BytesDone
) -> None:
    """Makes `folder` of these files; nothing is done when it is there and complete.

    Raises:
        InputError: `folder` is something else, or another process is at it.
        HubFileError: a file is not what the hub listed; it was deleted.
        StorageFullError: they do not fit; told before the first byte is taken.
        StorageError: the folder cannot be written.
    """
    with locked(folder):
        if not _is_there(folder, origin):
            partial = _begin(files, folder)
            require_room({partial.parent: sum(_missing(file, partial) for file in files)})
            _fetch_all(files, partial, transfer, progress)
            (partial / Origin.FILE).write_bytes(msgspec.json.encode(origin))
            partial.rename(folder)


def fetch_small(
    files: Sequence[HubFile], folder: Path, origin: Origin, transfer: Transfer, progress: BytesDone
) -> Path:
    """Gets those of the files that are no weights, and tells where they are: where the rest will join them.

    Raises:
        InputError, HubFileError, StorageError: as `fetch_files`.
    """
    with locked(folder):
        if _is_there(folder, origin):
            return folder
        partial = _begin(files, folder)
        _fetch_all([file for file in files if not is_weights(file.name)], partial, transfer, progress)
        return partial


def drop_small(folder: Path) -> None:
    """Undoes `fetch_small`, unless weights have been begun there, too."""
    partial = partial_of(folder)
    # Who is downloading there needs them.
    with suppress(InputError), locked(folder):
        names = [path.name.removesuffix(_BEGUN) for path in partial.iterdir()] if partial.is_dir() else []
        if not any(is_weights(name) for name in names):
            shutil.rmtree(partial, ignore_errors=True)


def missing_bytes(files: Sequence[HubFile], folder: Path) -> int:
    """How much of the files is still to come for `folder` to be complete."""
    partial = partial_of(folder)
    return sum(
        min(0 if _size(folder / file.name) == file.bytes else file.bytes, _missing(file, partial))
        for file in files
    )


def partial_of(folder: Path) -> Path:
    """Where a folder's files lie until all of them are there."""
    return folder.with_name(f".{folder.name}{PARTIAL}")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else downloads to a folder during the block.

    Raises:
        InputError: somebody does.
        StorageError: for every OSError of the block.
    """
    mark = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16]
    lock = ProcessLock(runtime_dir() / f"pull-{mark}.lock")
    if not lock.acquire():
        raise InputError(f"another process is downloading to {folder}", "Wait until it is done.")
    try:
        yield
    except OSError as error:
        raise storage_error(folder, error) from error
    finally:
        lock.release()


def _is_there(folder: Path, origin: Origin) -> bool:
    if not folder.exists():
        return False
    found = Origin.read(folder)
    if found is None or (found.repo_id, found.revision) != (origin.repo_id, origin.revision):
        wanted = f"{origin.repo_id} at {origin.revision[:12]}"
        raise InputError(f"{folder} exists and is not {wanted}", "Name another folder.")
    return origin.is_complete(folder)


def _begin(files: Sequence[HubFile], folder: Path) -> Path:
    partial = partial_of(folder)
    partial.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        _take_back(folder, partial, files)
    return partial


def _fetch_all(files: Sequence[HubFile], partial: Path, transfer: Transfer, progress: BytesDone) -> None:
    done = 0
    for file in files:

        def told(there: int, name: str = file.name, before: int = done) -> None:
            progress(name, before + there)

        _fetch(file, partial, transfer, told)
        done += file.bytes
        progress(file.name, done)


def _take_back(folder: Path, partial: Path, files: Sequence[HubFile]) -> None:
    """Files went missing from a finished folder: those that are left are compared once more."""
    for file in files:
        if (folder / file.name).is_file() and not (partial / file.name).exists():
            (folder / file.name).replace(_begun(partial, file))
    shutil.rmtree(folder)


def _missing(file: HubFile, partial: Path) -> int:
    if (partial / file.name).is_file():
        return 0
    return max(0, file.bytes - _size(_begun(partial, file)))


def _fetch(file: HubFile, partial: Path, transfer: Transfer, told: Callable[[int], None]) -> None:
    whole = partial / file.name
    if whole.is_file() and _size(whole) == file.bytes:
        return
    if _size(_begun(partial, file)) > 0:
        # What an earlier try left may be worthless, or the hub may not go on in the middle: then all of it once more.
        with suppress(HubFileError):
            _receive(file, partial, transfer, told)
            return
    _receive(file, partial, transfer, told)


def _receive(file: HubFile, partial: Path, transfer: Transfer, told: Callable[[int], None]) -> None:
    """The rest of a file, and its comparison with what the hub lists; a wrong one is deleted."""
    begun = _begun(partial, file)
    try:
        with begun.open("ab") as out:
            if out.tell() < file.bytes:
                told(out.tell())
                transfer(file, _Sink(out, file, told), out.tell())
            out.flush()
            os.fsync(out.fileno())
        if problem := _problem(begun, file):
            raise HubFileError(f"{file.name} {problem}")
    except HubFileError:
        begun.unlink()
        raise
    begun.replace(partial / file.name)


def _problem(path: Path, file: HubFile) -> str:
    """What is wrong with a whole file, in a predicate; empty if nothing is."""
    if (size := _size(path)) != file.bytes:
        return f"has {size} bytes instead of {file.bytes}"
    # Of files that lie in git the hub has git's own name only: SHA-1 with a short header in front.
    git_header = b"blob %d\0" % file.bytes
    digest = hashlib.sha256() if file.sha256 else hashlib.sha1(git_header, usedforsecurity=False)
    with path.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
    same = digest.hexdigest() == (file.sha256 or file.git_sha1)
    return "" if same else "has other contents than the hub lists (its hash differs)"


def _begun(partial: Path, file: HubFile) -> Path:
    return partial / f"{file.name}{_BEGUN}"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0

"""Where the records of a zip file lie, as torch writes them: stored as they are, one behind the other.

The directory is read by `zipfile`, after its size has been looked at; records are not, since tensors are read from
the middle of them.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from glm_lsp.errors import CheckpointError

RESAVE = (
    "Take the repository's safetensors if it has any; otherwise load the file with torch.load(..., weights_only=True) "
    "and save it with safetensors."
)
MAX_DIRECTORY_BYTES = 2 << 20
"""That of a model of 9B has 40 KB; in memory a hostile one takes up to twenty times its size."""

_BLOCK_BYTES = 1 << 20

_ENCRYPTED = 0x41

_DAMAGED = (zipfile.BadZipFile, ArithmeticError, LookupError, ValueError, NotImplementedError, struct.error)
"""What `zipfile` may raise at a damaged directory; it documents the first only."""

_END = struct.Struct("<4s4H2LH")
_END64_PLACE = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCAL = struct.Struct("<4s5H3L2H")


@dataclass(frozen=True, slots=True)
class Record:
    """The content of one file in the archive; `start` counts bytes from the beginning of the archive."""

    start: int
    num_bytes: int
    crc32: int

    def verify(self, path: Path, name: str, on_bytes: Callable[[int], None] = lambda _: None) -> None:
        """Compares the content with its checksum, block by block.

        Raises:
            CheckpointError: they differ.
            OSError: the file cannot be read.
        """
        checksum, left = 0, self.num_bytes
        with path.open("rb") as file:
            file.seek(self.start)
            while block := file.read(min(left, _BLOCK_BYTES)):
                checksum, left = zlib.crc32(block, checksum), left - len(block)
                on_bytes(len(block))
        if left or checksum != self.crc32:
            raise CheckpointError(
                f"{path}: record {ascii(name)[:80]} does not have the checksum it was written with",
                "The file is damaged: download it again and compare its hash with the published one.",
            )


def read_records(path: Path) -> dict[str, Record]:
    """The records by name.

    Raises:
        CheckpointError: it is no zip file or a damaged one, or a record is compressed, encrypted, there twice, or lies
            upon another.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        if file.read(4) != b"PK\3\4":
            raise CheckpointError(
                f"{path} is not a zip file: torch before 1.6 wrote it, or something else than torch", RESAVE
            )
        if _directory_bytes(file, size) > MAX_DIRECTORY_BYTES:
            raise CheckpointError(f"{path} ends in a directory that is missing, damaged or too large")
        try:
            with zipfile.ZipFile(file) as archive:
                entries = archive.infolist()
        except _DAMAGED as error:
            raise CheckpointError(f"{path} has a damaged directory: {str(error)[:80]}") from error
        return _records(path, file, size, entries)


def _directory_bytes(file: BinaryIO, size: int) -> int:
    """What the end of the file says, where `zipfile` will look for it; too much where it says nothing."""
    if size < _END.size:
        return MAX_DIRECTORY_BYTES + 1
    file.seek(size - _END.size)
    mark, *_, num_bytes, _, comment = _END.unpack(file.read(_END.size))
    if mark != b"PK\5\6" or comment:
        return MAX_DIRECTORY_BYTES + 1
    if size < _END.size + _END64_PLACE.size + _END64.size:
        return int(num_bytes)
    file.seek(-_END.size - _END64_PLACE.size - _END64.size, 2)
    large = _END64.unpack(file.read(_END64.size))
    place = _END64_PLACE.unpack(file.read(_END64_PLACE.size))
    if place[0] != b"PK\6\7":
        return int(num_bytes)
    return int(large[8]) if large[0] == b"PK\6\6" else MAX_DIRECTORY_BYTES + 1


def _records(path: Path, file: BinaryIO, size: int, entries: list[zipfile.ZipInfo]) -> dict[str, Record]:
    records: dict[str, Record] = {}
    free = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        name = ascii(entry.filename)[:80]
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise CheckpointError(f"{path}: record {name} is compressed, which torch never does", RESAVE)
        if entry.flag_bits & _ENCRYPTED:
            raise CheckpointError(f"{path}: record {name} is encrypted", RESAVE)
        start = _content_start(file, entry) if free <= entry.header_offset < size else None
        if start is None or start + entry.file_size > size:
            raise CheckpointError(f"{path}: record {name} does not lie where the directory says")
        if entry.filename in records:
            raise CheckpointError(f"{path}: record {name} is there twice")
        free = start + entry.file_size
        records[entry.filename] = Record(start, entry.file_size, entry.CRC)
    return records


def _content_start(file: BinaryIO, entry: zipfile.ZipInfo) -> int | None:
    """Behind the record's own header, which must name it too; None where there is none."""
    file.seek(entry.header_offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size:
        return None
    mark, *_, name_length, extra_length = _LOCAL.unpack(header)
    if mark != b"PK\3\4" or file.read(name_length) != entry.orig_filename.encode("utf-8", "replace"):
        return None
    return entry.header_offset + _LOCAL.size + int(name_length) + int(extra_length)

"""One safetensors file, read tensor by tensor.

Layout: a little-endian u64 header length, a JSON header {name: {dtype, shape, data_offsets}}, the data. Read
here rather than through the safetensors package because that cannot give bf16 to NumPy, and because plain
reads report a truncated file where a memory map would end the process.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glm_lsp.errors import CheckpointError

MAX_HEADER_BYTES = 100 << 20
"""The same bound as the safetensors package, against headers that are not headers."""

PIECE_VALUES = 1 << 20

STORED_AS: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
}


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """Where one tensor lies; `start` counts bytes from the beginning of the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    num_bytes: int


class SafetensorsFile:
    """The tensors of one file by name; nothing but the header is read until `rows`.

    Raises:
        CheckpointError: the file is missing, truncated or not in this format.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.entries = _read_header(path)
        except OSError as error:
            raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error

    def read(self, name: str) -> NDArray[np.float32]:
        """The whole tensor; see `rows`."""
        shape = self.entries[name].shape
        return self.rows(name, 0, shape[0] if shape else 1).reshape(shape)

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """See `TensorFile.rows`."""
        entry = self.entries[name]
        if entry.dtype not in STORED_AS:
            raise CheckpointError(f"tensor {name} is stored as {entry.dtype}, not as F32, F16 or BF16")
        shape = (stop - start, *entry.shape[1:])
        values = np.empty(math.prod(shape), np.float32)
        first = entry.start + start * math.prod(shape[1:]) * STORED_AS[entry.dtype].itemsize
        try:
            self._fill(values, first, entry.dtype)
        except OSError as error:
            raise CheckpointError(f"{self.path} cannot be read: {error.strerror}") from error
        except EOFError as error:
            raise CheckpointError(f"{self.path} ends inside tensor {name}") from error
        except ArithmeticError as error:
            raise CheckpointError(f"tensor {name} holds NaN or infinity") from error
        return values.reshape(shape)

    def _fill(self, values: NDArray[np.float32], first: int, dtype: str) -> None:
        """Reads and widens piece by piece, so that nothing but the result is large."""
        with self.path.open("rb") as file:
            file.seek(first)
            for start in range(0, values.size, PIECE_VALUES):
                piece = values[start : start + PIECE_VALUES]
                stored = np.fromfile(file, STORED_AS[dtype], piece.size)
                if stored.size != piece.size:
                    raise EOFError
                if dtype == "BF16":
                    # bf16 is the upper half of fp32.
                    np.left_shift(stored, 16, out=piece.view(np.uint32), dtype=np.uint32)
                else:
                    piece[:] = stored
                if not np.isfinite(piece).all():
                    raise ArithmeticError


def _read_header(path: Path) -> dict[str, TensorEntry]:
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(MAX_HEADER_BYTES, size - 8):
            raise CheckpointError(f"{path} is not a safetensors file, or is cut off in its header")
        text = file.read(length)
    try:
        header = json.loads(text)
        header.pop("__metadata__", None)
        entries = {name: _entry(value, 8 + length) for name, value in header.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(f"{path} has a damaged safetensors header: {error!r}") from error
    _check_extent(path, entries, 8 + length, size)
    return entries


def _entry(value: dict[str, Any], data_start: int) -> TensorEntry:
    begin, end = value["data_offsets"]
    shape = tuple(int(length) for length in value["shape"])
    if min((begin, end - begin, *shape)) < 0:
        raise ValueError(f"negative size in {value}")
    dtype = str(value["dtype"])
    if dtype in STORED_AS and math.prod(shape) * STORED_AS[dtype].itemsize != end - begin:
        raise ValueError(f"size and shape disagree in {value}")
    return TensorEntry(dtype, shape, data_start + begin, end - begin)


def _check_extent(path: Path, entries: dict[str, TensorEntry], data_start: int, size: int) -> None:
    """The tensors must fill the file exactly: without gap, overlap or missing end."""
    position = data_start
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].num_bytes)):
        if entry.start != position:
            raise CheckpointError(f"{path}: tensor {name} does not begin where the one before it ends")
        position += entry.num_bytes
    if position != size:
        raise CheckpointError(f"{path} has {size} bytes; its header says {position}")

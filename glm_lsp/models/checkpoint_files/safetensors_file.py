"""One safetensors file, read tensor by tensor.

Layout: a little-endian u64 header length, a JSON header {name: {dtype, shape, data_offsets}}, the data. Read
here rather than through the safetensors package because that cannot give bf16 to NumPy, and because plain
reads report a truncated file where a memory map would end the process.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from glm_lsp.errors import CheckpointError
from glm_lsp.models.checkpoint_files.stored_tensor import STORED_AS, StoredTensor, require_plain_name
from glm_lsp.models.json_file import MAX_TABLE_BYTES, parse_object

_METADATA = "__metadata__"
_DTYPE = re.compile("[A-Z0-9_]{1,16}")


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
        return self.entries[name].rows(self.path, name, start, stop)

    def verify(self, _on_bytes: Callable[[int], None] = lambda _: None) -> None:
        """See `TensorFile.verify`: this format has no checksums."""


def _read_header(path: Path) -> dict[str, StoredTensor]:
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > size - 8:
            raise CheckpointError(f"{path} is not a safetensors file, or is cut off in its header")
        if length > MAX_TABLE_BYTES:
            raise CheckpointError(
                f"{path} has a header of {length} bytes; {MAX_TABLE_BYTES} are read at most"
            )
        text = file.read(length)
    header = parse_object(text, f"the header of {path}")
    entries = {}
    for name, value in header.items():
        if name != _METADATA:
            require_plain_name(path, name)
            entries[name] = _entry(path, name, value, 8 + length)
    _check_extent(path, entries, 8 + length, size)
    return entries


def _entry(path: Path, name: str, value: Any, data_start: int) -> StoredTensor:
    fields: dict[str, Any] = value if isinstance(value, dict) else {}
    dtype, shape, offsets = fields.get("dtype"), fields.get("shape"), fields.get("data_offsets")
    if not (isinstance(dtype, str) and _DTYPE.fullmatch(dtype) and _sizes(shape) and _sizes(offsets)):
        raise CheckpointError(f"{path} has a damaged header: tensor {name}")
    if len(offsets) != 2 or offsets[0] > offsets[1]:
        raise CheckpointError(f"{path} has a damaged header: tensor {name} ends before it begins")
    num_bytes = offsets[1] - offsets[0]
    if dtype in STORED_AS and math.prod(shape) * STORED_AS[dtype].itemsize != num_bytes:
        raise CheckpointError(f"{path} has a damaged header: size and shape of tensor {name} disagree")
    return StoredTensor(dtype, tuple(shape), data_start + offsets[0], num_bytes)


def _sizes(value: Any) -> TypeGuard[list[int]]:
    """A short list of whole numbers that are not negative nor absurd."""
    return (
        isinstance(value, list)
        and len(value) <= 8
        and all(
            isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 1 << 60 for size in value
        )
    )


def _check_extent(path: Path, entries: dict[str, StoredTensor], data_start: int, size: int) -> None:
    """The tensors must fill the file exactly: without gap, overlap or missing end."""
    position = data_start
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].num_bytes)):
        if entry.start != position:
            raise CheckpointError(f"{path}: tensor {name} does not begin where the one before it ends")
        position += entry.num_bytes
    if position != size:
        raise CheckpointError(f"{path} has {size} bytes; its header says {position}")

"""One file of `torch.save`, read tensor by tensor, without torch and without unpickling.

It is a zip file: `NAME/data.pkl` is the table of tensors, `NAME/data/KEY` the numbers of one storage. See
`torch_zip.py` and `torch_pickle.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glm_lsp.errors import CheckpointError
from glm_lsp.models.checkpoint_files.stored_tensor import StoredTensor, require_plain_name
from glm_lsp.models.checkpoint_files.torch_pickle import MAX_BYTES, TableTensor, read_table
from glm_lsp.models.checkpoint_files.torch_zip import RESAVE, Record, read_records

_TABLE = "/data.pkl"

_BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


class TorchFile:
    """The tensors of one file by name; nothing but the table is read until `rows` or `verify`.

    Raises:
        CheckpointError: the file is missing, truncated, not of this format, or holds anything but tensors.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._records = read_records(path)
            self.entries = _read_entries(path, self._records)
        except OSError as error:
            raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """See `TensorFile.rows`."""
        return self.entries[name].rows(self.path, name, start, stop)

    def verify(self, on_bytes: Callable[[int], None] = lambda _: None) -> None:
        """See `TensorFile.verify`."""
        try:
            for name, record in self._records.items():
                record.verify(self.path, name, on_bytes)
        except OSError as error:
            raise CheckpointError(f"{self.path} cannot be read: {error.strerror}") from error


def _read_entries(path: Path, records: Mapping[str, Record]) -> dict[str, StoredTensor]:
    tables = [name for name in records if name.endswith(_TABLE) and name.count("/") == 1]
    if len(tables) != 1:
        raise CheckpointError(
            f"{path} should hold one table of tensors, data.pkl; it holds {len(tables)}", RESAVE
        )
    root = tables[0].removesuffix(_TABLE)
    _check_byte_order(path, records.get(f"{root}/byteorder"))
    table = records[tables[0]]
    if table.num_bytes > MAX_BYTES:
        raise CheckpointError(f"{path}: data.pkl has {table.num_bytes} bytes; {MAX_BYTES} are read at most")
    tensors = read_table(_content(path, table), f"{path} (data.pkl)")
    for name in tensors:
        require_plain_name(path, name)
    return {name: _entry(path, name, tensor, root, records) for name, tensor in tensors.items()}


def _check_byte_order(path: Path, record: Record | None) -> None:
    if record is not None and (record.num_bytes > 16 or _content(path, record) != b"little"):
        raise CheckpointError(f"{path} was written on a machine with another order of bytes", RESAVE)


def _content(path: Path, record: Record) -> bytes:
    with path.open("rb") as file:
        file.seek(record.start)
        return file.read(record.num_bytes)


def _entry(
    path: Path, name: str, tensor: TableTensor, root: str, records: Mapping[str, Record]
) -> StoredTensor:
    storage, width = tensor.storage, _BYTES[tensor.storage.dtype]
    record = records.get(f"{root}/data/{storage.key}")
    if record is None or record.num_bytes != storage.num_values * width:
        raise CheckpointError(
            f"{path}: the numbers of tensor {name} are missing or not as many as they should be"
        )
    return StoredTensor(
        dtype=storage.dtype,
        shape=tensor.shape,
        start=record.start + tensor.offset * width,
        num_bytes=math.prod(tensor.shape) * width,
    )

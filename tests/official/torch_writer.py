"""Writes what `torch.save` writes for a table of tensors, without torch: a zip file with a pickle of protocol 2.

The pieces are functions, so that tests can put together files that torch would not write.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

STORAGES = {"F32": "FloatStorage", "F16": "HalfStorage", "BF16": "BFloat16Storage", "I64": "LongStorage"}


def stored(values: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Values as they lie in a file: rounded to the nearest; bf16 as its 16 bits."""
    if dtype == "BF16":
        bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
        return ((bits + np.uint32(0x7FFF) + (bits >> 16 & 1)) >> 16).astype(np.uint16)
    return np.ascontiguousarray(values.astype({"F32": "<f4", "F16": "<f2", "I64": "<i8"}[dtype]))


def widened(values: NDArray[Any], dtype: str) -> NDArray[np.float32]:
    """What is read back of `stored`."""
    if dtype == "BF16":
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float32)


def write_torch_file(
    path: Path, tensors: Mapping[str, NDArray[Any]], dtypes: Mapping[str, str], *, root: str = "archive"
) -> None:
    """A file of tensors, each in a storage of its own.

    Args:
        tensors: as they come from `stored`.
    """
    entries = [
        item(name, tensor(storage(dtypes[name], str(key), values.size), 0, values.shape))
        for key, (name, values) in enumerate(tensors.items())
    ]
    storages = {str(key): values.tobytes() for key, values in enumerate(tensors.values())}
    write_zip(path, root, program(entries), storages)


def write_zip(path: Path | io.BytesIO, root: str, table: bytes, storages: Mapping[str, bytes]) -> None:
    """The archive, with its records in torch's order."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in (
            ("data.pkl", table),
            ("byteorder", b"little"),
            *((f"data/{key}", content) for key, content in storages.items()),
            ("version", b"3\n"),
        ):
            archive.writestr(zipfile.ZipInfo(f"{root}/{name}"), content)


def program(entries: Iterable[bytes]) -> bytes:
    """The pickle of an ordered dict with these items, and with the notes torch makes of module versions."""
    made = reduce(global_("collections", "OrderedDict"), b")")
    notes = b"}" + string("_metadata") + made + string("") + b"}" + string("version") + b"K\x01sss" + b"b"
    return b"\x80\x02" + made + b"q\x00(" + b"".join(entries) + b"u" + notes + b"."


def item(name: str, value: bytes) -> bytes:
    """A key and its value."""
    return string(name) + value


def tensor(storage: bytes, offset: int, shape: Sequence[int], strides: Sequence[int] | None = None) -> bytes:
    """A tensor over part of a storage; its rows lie one behind the other unless strides are given."""
    if strides is None:
        strides = [int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))]
    hooks = reduce(global_("collections", "OrderedDict"), b")")
    arguments = b"(" + storage + integer(offset) + sizes(shape) + sizes(strides) + b"\x89" + hooks + b"t"
    return reduce(global_("torch._utils", "_rebuild_tensor_v2"), arguments)


def storage(dtype: str, key: str, count: int) -> bytes:
    """A storage in the record `data/KEY`."""
    kind = global_("torch", STORAGES[dtype])
    return b"(" + string("storage") + kind + string(key) + string("cpu") + integer(count) + b"tQ"


def sizes(values: Sequence[int]) -> bytes:
    """A tuple of whole numbers."""
    return b"(" + b"".join(map(integer, values)) + b"t"


def integer(value: int) -> bytes:
    """The shortest way to put a number."""
    if 0 <= value < 1 << 8:
        return b"K" + bytes([value])
    if 0 <= value < 1 << 16:
        return b"M" + struct.pack("<H", value)
    if -(1 << 31) <= value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    content = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(content)]) + content


def string(value: str) -> bytes:
    """A text."""
    content = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(content)) + content


def global_(module: str, name: str) -> bytes:
    """A reference to a name of Python."""
    return f"c{module}\n{name}\n".encode()


def reduce(function: bytes, arguments: bytes) -> bytes:
    """A call."""
    return function + arguments + b"R"

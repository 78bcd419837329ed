"""The external-data file of an ONNX model, written tensor by tensor as the graph is built.

Large tensors go to one file beside the graph, block by block, so that a fraction of one of them is in memory; small
ones stay in the graph. Two tensors may name the same bytes: a tied head reads the embedding's.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from glm_lsp.models.journal import Journal
from glm_lsp.models.span import Span

ALIGNMENT = 4096
"""ONNX Runtime maps external data by whole pages."""

INLINE_BYTES = 1024
"""Tensors up to this size are kept inside the graph."""


class WeightFile:
    """An open external-data file; use as a context manager.

    Args:
        journal: of an earlier run that was cut off; what it records is kept and not written again.
    """

    def __init__(self, path: Path, journal: Journal | None = None) -> None:
        self.location = path.name
        self._journal = journal
        if journal:
            journal.keep_intact(path)
        end = journal.end if journal else 0
        self._file = path.open("r+b" if end else "wb")
        self._file.truncate(end)
        self._file.seek(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def recall(self, name: str) -> list[Span] | None:
        """Where the parts of `name` have been written by an earlier run; None if they have not."""
        return self._journal.recall(name) if self._journal else None

    def record(self, name: str, spans: list[Span]) -> list[Span]:
        """Notes where the parts of `name` lie, and returns it."""
        if self._journal:
            # The record must not know of bytes that a power cut takes away.
            self._file.flush()
            os.fsync(self._file.fileno())
            self._journal.remember(name, spans)
        return spans

    def store(self, name: str, values: NDArray[Any], data_type: int | None = None) -> TensorProto:
        """Writes `values` and returns the initializer `name` that stands for them.

        Args:
            data_type: what the values are, where their NumPy type does not say it: bf16 comes as uint16.
        """
        values = np.asarray(values, order="C")
        data_type = data_type or helper.np_dtype_to_tensor_dtype(values.dtype)
        if values.nbytes <= INLINE_BYTES:
            return TensorProto(name=name, dims=values.shape, data_type=data_type, raw_data=values.tobytes())
        key = f"={name}"
        spans = self.recall(key) or self.record(key, [self.write([values])])
        return self.refer(name, data_type, values.shape, spans[0])

    def write(self, blocks: Iterable[NDArray[Any]]) -> Span:
        """Appends the blocks, one behind the other, from the next page boundary on."""
        position = self._file.tell()
        self._file.write(b"\0" * (-position % ALIGNMENT))
        start, crc = self._file.tell(), 0
        for block in blocks:
            data = np.ascontiguousarray(block).data
            # Not `tofile`: that reports a full disk without saying so.
            self._file.write(data)
            crc = zlib.crc32(data, crc)
        return Span(start, self._file.tell() - start, crc)

    def refer(self, name: str, data_type: int, shape: tuple[int, ...], span: Span) -> TensorProto:
        """The initializer `name`: `shape` elements of `data_type` at the beginning of `span`."""
        tensor = TensorProto(name=name, dims=shape, data_type=data_type, data_location=TensorProto.EXTERNAL)
        length = int(np.prod(shape)) * _item_bytes(data_type)
        if length > span.length:
            raise ValueError(f"{name} needs {length} bytes of a span of {span.length}")
        for key, value in (("location", self.location), ("offset", span.offset), ("length", length)):
            tensor.external_data.add(key=key, value=str(value))
        return tensor


def _item_bytes(data_type: int) -> int:
    # Where onnx has no NumPy type for bf16 it gives that of fp32.
    return 2 if data_type == TensorProto.BFLOAT16 else helper.tensor_dtype_to_np_dtype(data_type).itemsize

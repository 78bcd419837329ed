"""The external-data file of an ONNX model, written tensor by tensor as the graph is built.

Large tensors go to one file beside the graph, so that no more than one of them is in memory; small ones stay
in the graph. Two tensors may name the same bytes: a tied head reads the embedding's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

ALIGNMENT = 4096
"""ONNX Runtime maps external data by whole pages."""

INLINE_BYTES = 1024
"""Tensors up to this size are kept inside the graph."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of the weight file."""

    offset: int
    length: int


class WeightFile:
    """An open external-data file; use as a context manager."""

    def __init__(self, path: Path) -> None:
        self.location = path.name
        self._file = path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def store(self, name: str, values: NDArray[Any]) -> TensorProto:
        """Writes `values` and returns the initializer `name` that stands for them."""
        values = np.asarray(values, order="C")
        if values.nbytes <= INLINE_BYTES:
            return numpy_helper.from_array(values, name)
        return self.refer(name, values.dtype, values.shape, self.write(values))

    def write(self, values: NDArray[Any]) -> Span:
        """Appends `values` at the next page boundary."""
        position = self._file.tell()
        self._file.write(b"\0" * (-position % ALIGNMENT))
        span = Span(self._file.tell(), values.nbytes)
        # Not `tofile`: that reports a full disk without saying so.
        self._file.write(np.ascontiguousarray(values).data)
        return span

    def refer(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...], span: Span) -> TensorProto:
        """The initializer `name`: `shape` elements of `dtype` at the beginning of `span`."""
        tensor = TensorProto(name=name, dims=shape, data_location=TensorProto.EXTERNAL)
        tensor.data_type = numpy_helper.from_array(np.empty(0, dtype)).data_type
        length = int(np.prod(shape)) * dtype.itemsize
        if length > span.length:
            raise ValueError(f"{name} needs {length} bytes of a span of {span.length}")
        for key, value in (("location", self.location), ("offset", span.offset), ("length", length)):
            tensor.external_data.add(key=key, value=str(value))
        return tensor

"""Arrays on a device with addresses that never change, and the bindings of one run shape to them.

A captured CUDA graph reads and writes the addresses it was captured with, so inputs are changed in place and outputs
stay on the device: only the few numbers that are asked for are copied to the host. The same code runs on the CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from glm_lsp.engine.cuda.run_shape import RunPlan, RunShape
from glm_lsp.engine.session import Scores

DeviceName = Literal["cpu", "cuda"]

DEVICE_ID = 0
"""CUDA_VISIBLE_DEVICES chooses among several."""

_ALIGNMENT = 256
"""Bytes; what CUDA gives an array of its own, so that kernels find what they expect."""

_ELEMENT_TYPES = {"tensor(float)": (1, 4), "tensor(float16)": (10, 2), "tensor(bfloat16)": (16, 2)}
"""ONNX's number of a type that keys and values may have, and its bytes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model runs: the onnxruntime package, the session, and its device."""

    runtime: Any
    inference: Any
    device: DeviceName

    def array(self, shape: Sequence[int], dtype: type[np.generic]) -> DeviceArray:
        """An uninitialised array there."""
        # Not of the session's own allocator: what a captured graph keeps there for itself is free again afterwards, and
        # a replay would overwrite whatever was put into it.
        make = self.runtime.OrtValue.ortvalue_from_shape_and_type
        return DeviceArray(make(list(shape), dtype, self.device, DEVICE_ID))


class DeviceArray:
    """An array of fixed address on a device; `value` is the OrtValue. Made by `Place.array`."""

    def __init__(self, value: Any) -> None:
        self.value = value

    @property
    def address(self) -> int:
        """Of its first byte."""
        return int(self.value.data_ptr())

    def write(self, array: NDArray[Any]) -> None:
        """Overwrites all of it, in place."""
        self.value.update_inplace(array)

    def read(self) -> NDArray[Any]:
        """Its values on the host; on the CPU a view of them."""
        values: NDArray[Any] = self.value.numpy()
        return values


@dataclass(frozen=True, slots=True)
class KVLayout:
    """How the keys and values of one sequence lie in memory: [layers, 2, 1, heads, capacity, head_dim] in one piece.

    Numbers are handled as bits, as numpy knows no bf16.
    """

    num_layers: int
    num_heads: int
    capacity: int
    head_dim: int
    type_name: str
    """As ONNX Runtime writes it, "tensor(float16)"."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the whole."""
        return (self.num_layers, 2, *self.layer_shape)

    @property
    def layer_shape(self) -> tuple[int, int, int, int]:
        """Of the keys, or the values, of one layer."""
        return (1, self.num_heads, self.capacity, self.head_dim)

    @property
    def element_type(self) -> int:
        """ONNX's number of the type."""
        return _ELEMENT_TYPES[self.type_name][0]

    @property
    def dtype(self) -> type[np.generic]:
        """Integers of the same width."""
        return np.uint16 if self.item_bytes == 2 else np.uint32

    @property
    def item_bytes(self) -> int:
        """Bytes of one number."""
        return _ELEMENT_TYPES[self.type_name][1]

    @property
    def token_bytes(self) -> int:
        """Bytes of one token in one head of one layer's keys or values."""
        return self.head_dim * self.item_bytes

    @property
    def num_rows(self) -> int:
        """Pieces in which the tokens of one head lie one behind the other."""
        return self.num_layers * 2 * self.num_heads

    @property
    def num_bytes(self) -> int:
        """Of the whole."""
        return self.num_rows * self.capacity * self.token_bytes


class _Packed:
    """Several small arrays in one piece of device memory, which is copied at once.

    Each copy between host and device takes some 10 us, and a step of a small model a few hundred.

    Args:
        parts: name, shape and type of each.
    """

    def __init__(self, place: Place, parts: Sequence[tuple[str, tuple[int, ...], type[np.generic]]]) -> None:
        self._place = place
        self._parts = {}
        size = 0
        for name, shape, dtype in parts:
            self._parts[name] = (size, shape, dtype)
            size += -(-int(np.prod(shape)) * np.dtype(dtype).itemsize // _ALIGNMENT) * _ALIGNMENT
        self.array = place.array((size,), np.uint8)
        self.host = np.zeros(size, np.uint8)

    def part(self, name: str, memory: NDArray[np.uint8]) -> NDArray[Any]:
        """One of the arrays, as a view of the whole in the host's memory."""
        start, shape, dtype = self._parts[name]
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        return memory[start : start + size].view(dtype).reshape(shape)

    def binding(self, name: str) -> tuple[str, DeviceName, int, type[np.generic], list[int], int]:
        """Arguments that bind one of the arrays."""
        start, shape, dtype = self._parts[name]
        return name, self._place.device, DEVICE_ID, dtype, list(shape), self.array.address + start


class RunBuffers:
    """Inputs and outputs of one run shape, bound once; all but a number for the host lie on the device.

    Args:
        kv: keys and values, both past and present.
        num_top: columns of the top outputs.
        vocab_size: columns of the logits; 0 leaves them unbound.
    """

    def __init__(
        self,
        place: Place,
        shape: RunShape,
        kv: DeviceArray,
        layout: KVLayout,
        *,
        num_top: int,
        vocab_size: int,
    ) -> None:
        rows = shape.num_rows
        self.shape = shape
        self._inputs = _Packed(
            place, [("input_ids", (1, shape.num_tokens), np.int64), ("seqlens_k", (1,), np.int32)]
        )
        self._outputs = _Packed(
            place,
            [
                ("next", (1, rows), np.int64),
                ("top_i", (1, rows, num_top), np.int64),
                ("top_v", (1, rows, num_top), np.float32),
            ],
        )
        self._selected = place.array((rows,), np.int64)
        self._logits = place.array((1, rows, vocab_size), np.float32) if vocab_size else None
        # Read on the host, when the graph is captured, too: it must never change.
        self._total = np.array([layout.capacity], np.int32)
        self.io = io = place.inference.io_binding()
        _bind_kv(io, place.device, kv, layout)
        for name in ("input_ids", "seqlens_k"):
            io.bind_input(*self._inputs.binding(name))
        io.bind_ortvalue_input("total_seq", place.runtime.OrtValue.ortvalue_from_numpy(self._total))
        io.bind_ortvalue_input("sel", self._selected.value)
        for name in ("next", "top_i", "top_v"):
            io.bind_output(*self._outputs.binding(name))
        if self._logits is not None:
            io.bind_ortvalue_output("logits", self._logits.value)

    def write(self, plan: RunPlan, past: int, token_ids: Sequence[int]) -> None:
        """Puts a run of this shape into the inputs."""
        host = self._inputs.host
        ids = self._inputs.part("input_ids", host)
        ids[0, : len(token_ids)] = token_ids
        ids[0, len(token_ids) :] = 0
        self._inputs.part("seqlens_k", host)[0] = past + self.shape.num_tokens - 1
        self._inputs.array.write(host)
        # Each time: a replayed graph may have used memory that was free when it was captured.
        self._selected.write(np.array(plan.selected, np.int64))

    def scores(self, first_row: int, num_scored: int, *, want_logits: bool) -> Scores:
        """What the run said about those rows, on the host."""
        rows = slice(first_row, first_row + num_scored)
        told = self._outputs.array.read()
        logits = self._logits.read()[0, rows] if want_logits and self._logits is not None else None
        next_ids, top_ids, top_logprobs = (
            self._outputs.part(name, told)[0, rows] for name in ("next", "top_i", "top_v")
        )
        return Scores(next_ids, top_ids, top_logprobs, logits)


def _bind_kv(io: Any, device: DeviceName, kv: DeviceArray, layout: KVLayout) -> None:
    """Past and present are the same memory, so that it is written in place."""
    step = layout.num_heads * layout.capacity * layout.token_bytes
    for layer in range(layout.num_layers):
        for part, name in enumerate("kv"):
            where = kv.address + (2 * layer + part) * step
            place = (device, DEVICE_ID, layout.element_type, list(layout.layer_shape), where)
            io.bind_input(f"past.{layer}.{name}", *place)
            io.bind_output(f"present.{layer}.{name}", *place)

"""The table of tensors in a torch file, read without running what it says.

A pickle is a program for a stack machine that may call any function of Python. Here only what `torch.save` writes for
a table of tensors is known: no name is looked up, nothing is imported, nothing is called, and everything else ends the
reading. Strings, numbers of steps and sizes have bounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from glm_lsp.errors import CheckpointError
from glm_lsp.models.checkpoint_files.torch_zip import RESAVE

MAX_BYTES = 4 << 20
"""Of the program. For a tensor it has 250 bytes; a model of 9B has 600 tensors in all its files."""
MAX_STEPS = 1 << 19
MAX_STRING = 1000
MAX_DIMENSIONS = 8

STORAGES = {
    "torch FloatStorage": "F32",
    "torch HalfStorage": "F16",
    "torch BFloat16Storage": "BF16",
    "torch DoubleStorage": "F64",
    "torch LongStorage": "I64",
    "torch IntStorage": "I32",
    "torch ShortStorage": "I16",
    "torch CharStorage": "I8",
    "torch ByteStorage": "U8",
    "torch BoolStorage": "BOOL",
}
"""Storages by the names safetensors has for what is in them."""

ORDERED_DICT = "collections OrderedDict"
REBUILD_TENSOR = "torch._utils _rebuild_tensor_v2"
REBUILD_PARAMETER = "torch._utils _rebuild_parameter"
_KNOWN = {*STORAGES, ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER}


@dataclass(frozen=True, slots=True)
class Global:
    """A name the program refers to, module and name with a blank between them."""

    name: str


@dataclass(frozen=True, slots=True)
class Storage:
    """Numbers of one type, in a record of the archive."""

    dtype: str
    key: str
    num_values: int


@dataclass(frozen=True, slots=True)
class TableTensor:
    """Consecutive numbers of a storage from the number `offset` on, row by row."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]


class _DamagedError(Exception):
    """The program is not what torch writes."""


def read_table(program: bytes, where: str) -> dict[str, TableTensor]:
    """The tensors by name.

    Args:
        where: for messages.

    Raises:
        CheckpointError: the program refers to, calls or holds anything but tensors, or is damaged or too long.
    """
    machine = _Machine(program)
    try:
        value = machine.run()
    except _DamagedError as error:
        raise CheckpointError(f"{where} is not a table of tensors: {error}", RESAVE) from error
    except (LookupError, ValueError, TypeError) as error:
        raise CheckpointError(f"{where} is damaged: {str(error)[:80]}") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{where} holds no table of tensors", RESAVE)
    for name, tensor in value.items():
        if not isinstance(tensor, TableTensor):
            raise CheckpointError(f"{where} holds {_shown(name)!r}, which is not a tensor", RESAVE)
    return value


class _Machine:
    """`stack` is the innermost list of values, `below` those that marks have put aside."""

    def __init__(self, program: bytes) -> None:
        self.program = program
        self.position = 0
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """The value the program ends with."""
        for _ in range(MAX_STEPS):
            code = self._take(1)
            if code == b".":
                return self.stack.pop()
            step = _STEPS.get(code)
            if step is None:
                raise _DamagedError(f"it has a step {code!r} that no such table needs")
            step(self)
        raise _DamagedError(f"it has more than {MAX_STEPS} steps")

    def _take(self, length: int) -> bytes:
        end = self.position + length
        if end > len(self.program):
            raise _DamagedError("it is cut off")
        taken = self.program[self.position : end]
        self.position = end
        return taken

    def _number(self, length: int, *, signed: bool = False) -> int:
        return int.from_bytes(self._take(length), "little", signed=signed)

    def _line(self) -> str:
        end = self.program.find(b"\n", self.position, self.position + MAX_STRING)
        if end < 0:
            raise _DamagedError("it has a name without end")
        return self._take(end + 1 - self.position)[:-1].decode("ascii", "backslashreplace")

    def protocol(self) -> None:
        """PROTO"""
        version = self._number(1)
        if version != 2:
            raise _DamagedError(f"it is written in protocol {version}, not 2")

    def string(self) -> None:
        """BINUNICODE"""
        length = self._number(4)
        if length > MAX_STRING:
            raise _DamagedError(f"it has a string of {length} bytes")
        self.stack.append(self._take(length).decode("utf-8"))

    def refer(self) -> None:
        """GLOBAL"""
        name = f"{self._line()} {self._line()}"
        if name not in _KNOWN:
            raise _DamagedError(f"it refers to {_shown(name.replace(' ', '.'))}")
        self.stack.append(Global(name))

    def mark(self) -> None:
        """MARK"""
        self.below.append(self.stack)
        self.stack = []

    def tuple_from_mark(self) -> None:
        """TUPLE"""
        items = tuple(self.stack)
        self.stack = self.below.pop()
        self.stack.append(items)

    def tuple_of(self, length: int) -> None:
        """TUPLE1, TUPLE2, TUPLE3"""
        if len(self.stack) < length:
            raise _DamagedError("it takes what is not there")
        items = tuple(self.stack[-length:])
        del self.stack[-length:]
        self.stack.append(items)

    def remember(self, width: int) -> None:
        """BINPUT, LONG_BINPUT"""
        self.memo[self._number(width)] = self.stack[-1]

    def recall(self, width: int) -> None:
        """BINGET, LONG_BINGET"""
        self.stack.append(self.memo[self._number(width)])

    def set_item(self) -> None:
        """SETITEM"""
        value, key = self.stack.pop(), self.stack.pop()
        self._set(self.stack[-1], [key, value])

    def set_items(self) -> None:
        """SETITEMS"""
        items = self.stack
        self.stack = self.below.pop()
        self._set(self.stack[-1], items)

    def _set(self, table: Any, items: list[Any]) -> None:
        if not isinstance(table, dict) or len(items) % 2:
            raise _DamagedError("it sets items of what is no table")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str):
                raise _DamagedError("a name is not a string")
            if key in table:
                raise _DamagedError(f"{_shown(key)} comes twice")
            table[key] = value

    def build(self) -> None:
        """BUILD: what torch notes of its modules' versions. It says nothing of the tensors."""
        self.stack.pop()
        if not isinstance(self.stack[-1], dict):
            raise _DamagedError("it gives attributes to something else than a table")

    def call(self) -> None:
        """REDUCE: not a call, but what each of the three known ones stands for."""
        arguments, function = self.stack.pop(), self.stack.pop()
        name = function.name if isinstance(function, Global) else ""
        if not isinstance(arguments, tuple):
            raise _DamagedError("it calls something without arguments")
        if name == ORDERED_DICT and not arguments:
            self.stack.append({})
        elif name == REBUILD_TENSOR and len(arguments) in (6, 7):
            self.stack.append(_tensor(*arguments[:4]))
        elif name == REBUILD_PARAMETER and len(arguments) == 3 and isinstance(arguments[0], TableTensor):
            self.stack.append(arguments[0])
        else:
            raise _DamagedError(
                f"it calls {name.replace(' ', '.') or 'what is no function'} in an unknown way"
            )

    def load(self) -> None:
        """BINPERSID: a storage."""
        match self.stack.pop():
            case ("storage", Global(name=kind), str(key), str(), int(count)) if kind in STORAGES and _is_size(
                count
            ):
                self.stack.append(Storage(STORAGES[kind], key, count))
            case _:
                raise _DamagedError("it loads something else than a storage")


def _shown(text: str) -> str:
    """A text of the file for a message: short and without control characters."""
    return ascii(text)[1:-1][:80]


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any) -> TableTensor:
    if not isinstance(storage, Storage) or not _is_size(offset) or not _sizes(shape) or not _sizes(strides):
        raise _DamagedError("a tensor's storage, offset, shape or strides are of the wrong type")
    if len(shape) != len(strides):
        raise _DamagedError("a tensor's shape and strides disagree")
    expected = 1
    for length, stride in zip(reversed(shape), reversed(strides), strict=True):
        if length != 1 and stride != expected:
            raise _DamagedError("a tensor is a transposed or cut view of another one")
        expected *= length
    if offset + math.prod(shape) > storage.num_values:
        raise _DamagedError("a tensor reaches beyond its storage")
    return TableTensor(storage, offset, shape)


def _sizes(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) <= MAX_DIMENSIONS and all(_is_size(size) for size in value)


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 60


def _put(value: Callable[[], Any]) -> Callable[[_Machine], None]:
    return lambda machine: machine.stack.append(value())


_STEPS: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": _Machine.protocol,
    b"N": _put(lambda: None),
    b"\x88": _put(lambda: True),
    b"\x89": _put(lambda: False),
    b")": _put(lambda: ()),
    b"}": _put(dict),
    b"J": lambda machine: machine.stack.append(machine._number(4, signed=True)),
    b"K": lambda machine: machine.stack.append(machine._number(1)),
    b"M": lambda machine: machine.stack.append(machine._number(2)),
    b"\x8a": lambda machine: machine.stack.append(machine._number(machine._number(1), signed=True)),
    b"X": _Machine.string,
    b"c": _Machine.refer,
    b"(": _Machine.mark,
    b"t": _Machine.tuple_from_mark,
    b"\x85": lambda machine: machine.tuple_of(1),
    b"\x86": lambda machine: machine.tuple_of(2),
    b"\x87": lambda machine: machine.tuple_of(3),
    b"q": lambda machine: machine.remember(1),
    b"r": lambda machine: machine.remember(4),
    b"h": lambda machine: machine.recall(1),
    b"j": lambda machine: machine.recall(4),
    b"s": _Machine.set_item,
    b"u": _Machine.set_items,
    b"b": _Machine.build,
    b"R": _Machine.call,
    b"Q": _Machine.load,
}

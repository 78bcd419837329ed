"""One tensor as it lies in a file, and its rows in fp32."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glm_lsp.errors import CheckpointError
from glm_lsp.models.layout import Shape

PIECE_VALUES = 1 << 20
MAX_NAME_LENGTH = 300

STORED_AS: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
}


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """Where one tensor lies; `start` counts bytes from the beginning of the file. `dtype` is safetensors' name."""

    dtype: str
    shape: Shape
    start: int
    num_bytes: int

    def rows(self, path: Path, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """Some rows in fp32; elements, where the tensor has one dimension.

        Args:
            name: for messages.

        Raises:
            CheckpointError: its type is not a float, the file has shrunk, or a value is not finite.
        """
        require_float(name, self.dtype)
        shape = (stop - start, *self.shape[1:])
        values = np.empty(math.prod(shape), np.float32)
        first = self.start + start * math.prod(shape[1:]) * STORED_AS[self.dtype].itemsize
        try:
            _fill(values, path, first, self.dtype)
        except OSError as error:
            raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
        except EOFError as error:
            raise CheckpointError(f"{path} ends inside tensor {name}") from error
        except ArithmeticError as error:
            raise CheckpointError(f"tensor {name} holds NaN or infinity") from error
        return values.reshape(shape)


def require_float(name: str, dtype: str) -> None:
    """Refuses a tensor that is not stored as floats of a kind that is read.

    Raises:
        CheckpointError: it is not.
    """
    if dtype not in STORED_AS:
        raise CheckpointError(
            f"tensor {name} is stored as {dtype}, not as F32, F16 or BF16",
            "Take the repository that has the model in full: this program quantises itself with --precision int4.",
        )


def require_plain_name(path: Path, name: object) -> None:
    """Refuses what no framework calls a tensor and what does not belong on a terminal.

    Raises:
        CheckpointError: it is such a name.
    """
    if (
        not isinstance(name, str)
        or len(name) > MAX_NAME_LENGTH
        or not name.isascii()
        or not name.isprintable()
    ):
        raise CheckpointError(f"{path} has a tensor with the name {ascii(name)[:80]}")


def _fill(values: NDArray[np.float32], path: Path, first: int, dtype: str) -> None:
    """Reads and widens piece by piece, so that nothing but the result is large."""
    with path.open("rb") as file:
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

"""Copies the same stretch of many rows at once: the tokens of a KV cache that are in use, and not the rest of it.

ONNX Runtime's own copies take whole arrays. On a GPU this is one call of the CUDA runtime, which ONNX Runtime has
loaded anyway; where it cannot be had, whole arrays go through the host instead.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from glm_lsp.engine.cuda.buffers import DEVICE_ID, DeviceName
from glm_lsp.errors import SessionError

_ANY_DIRECTION = 4
"""cudaMemcpyDefault: addresses say for themselves whether they are the host's or the device's."""
_OUT_OF_MEMORY = 2


class BlockCopy(Protocol):
    """Copies `height` rows of `width` bytes; a pitch is the distance of two rows in bytes."""

    def __call__(  # noqa: PLR0917
        self, target: int, target_pitch: int, source: int, source_pitch: int, width: int, height: int
    ) -> None:
        """The addresses are those of the first rows.

        Raises:
            SessionError: the device refused.
        """


def open_block_copy(device: DeviceName, cuda_major: str) -> BlockCopy | None:
    """For that device; None where the CUDA runtime cannot be called.

    Args:
        cuda_major: of the CUDA that ONNX Runtime was built for, "13".
    """
    if device == "cpu":
        return copy_on_host
    name = f"cudart64_{cuda_major}.dll" if sys.platform == "win32" else f"libcudart.so.{cuda_major}"
    try:
        return CudaBlockCopy(ctypes.CDLL(name))
    except (OSError, AttributeError):
        return None


def copy_on_host(  # noqa: PLR0917
    target: int, target_pitch: int, source: int, source_pitch: int, width: int, height: int
) -> None:
    """A `BlockCopy` within the host's memory."""
    if width and height:
        _rows(target, target_pitch, width, height)[:] = _rows(source, source_pitch, width, height)


class CudaBlockCopy:
    """A `BlockCopy` among the memories of the host and one GPU, finished when it returns.

    Args:
        library: the CUDA runtime.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        size, address, number = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int
        self._set_device = library.cudaSetDevice
        self._set_device.argtypes = (number,)
        self._copy = library.cudaMemcpy2D
        self._copy.argtypes = (address, size, address, size, size, size, number)
        self._synchronize = library.cudaDeviceSynchronize
        self._synchronize.argtypes = ()
        for function in (self._set_device, self._copy, self._synchronize):
            function.restype = number

    def __call__(  # noqa: PLR0917
        self, target: int, target_pitch: int, source: int, source_pitch: int, width: int, height: int
    ) -> None:
        """See `BlockCopy`."""
        self._check(self._set_device(DEVICE_ID))
        if width and height:
            place = (target, target_pitch, source, source_pitch, width, height)
            self._check(self._copy(*place, _ANY_DIRECTION))
            # Within a device the call returns before the copy is done, and ONNX Runtime's stream does not wait for it.
            self._check(self._synchronize())

    def _check(self, status: int) -> None:
        if status:
            named = "out of memory" if status == _OUT_OF_MEMORY else "see cudaError_t"
            raise SessionError(f"copying keys and values failed: CUDA failure {status}: {named}")


def _rows(address: int, pitch: int, width: int, height: int) -> NDArray[np.uint8]:
    """The rows as a view of memory, uint8 [height, width]."""
    length = pitch * (height - 1) + width
    memory = np.ctypeslib.as_array((ctypes.c_uint8 * length).from_address(address))
    return np.lib.stride_tricks.as_strided(memory, (height, width), (pitch, 1))

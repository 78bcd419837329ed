"""What ONNX Runtime's errors on a GPU mean: it raises classes of its own and bare RuntimeError, so words have to do."""

from __future__ import annotations

_MEMORY_SIGNS = (
    "failed to allocate memory",
    "out of memory",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
    "is smaller than requested bytes",
    "bad_alloc",
)
_LOST_SIGNS = (
    "illegal memory access",
    "misaligned address",
    "unspecified launch failure",
    "device-side assert",
    "uncorrectable ecc",
    "device is lost",
    "fallen off the bus",
)
"""After these no call of this process to CUDA succeeds any more."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of ONNX Runtime, or one of ours that quotes it, says that memory ran out."""
    return _says(error, _MEMORY_SIGNS)


def is_device_lost(error: BaseException) -> bool:
    """Whether it says that the device is of no use to this process any more."""
    return _says(error, _LOST_SIGNS)


def first_line(error: BaseException) -> str:
    """What an error says, without the rest: ONNX Runtime's errors on CUDA are pages long."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__


def _says(error: BaseException, signs: tuple[str, ...]) -> bool:
    text = str(error).lower()
    return any(sign in text for sign in signs)

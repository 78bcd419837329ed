"""The CUDA libraries that ONNX Runtime's provider needs: loaded once, and what was found where.

They come from NVIDIA's packages beside ONNX Runtime (`make install EXTRA=gpu`), or from the system.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

DEFAULT_MAJOR = "13"
"""Of CUDA, where a build of ONNX Runtime does not say."""

INSTALL = "make install EXTRA=gpu"
"""What brings them all, typed in the checkout."""

_NEEDED = ("cudart", "cublas", "cublasLt", "curand")
"""Those that the provider of onnxruntime-gpu 1.31.1 is linked with, as `readelf -d` tells."""
_OPTIONAL = ("cudnn", "cufft", "nvrtc")
"""Our graphs have neither convolutions nor Fourier transforms."""


@dataclass(frozen=True, slots=True)
class Libraries:
    """What was found.

    Attributes:
        found: path by name.
        missing: names without which nothing runs on CUDA.
        without: names of others that were not found.
        messages: what ONNX Runtime said about it.
    """

    found: dict[str, str]
    missing: tuple[str, ...]
    without: tuple[str, ...]
    messages: tuple[str, ...] = ()


def cuda_major(runtime: Any) -> str:
    """The major version of CUDA that ONNX Runtime was built for."""
    version = str(getattr(runtime, "cuda_version", "") or DEFAULT_MAJOR)
    return version.partition(".")[0]


@lru_cache(maxsize=1)
def preload(runtime: Any) -> Libraries:
    """Loads them for this process; once, as later calls change nothing."""
    # NVML counts GPUs in this order; CUDA's own, by speed, may call another one the first.
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    said = io.StringIO()
    # It prints, and standard output may be a language server's.
    with contextlib.redirect_stdout(said):
        try:
            # "": NVIDIA's packages first, then the system's; those that torch brings may be of another version.
            runtime.preload_dlls(directory="")
        except (OSError, RuntimeError, AttributeError) as error:
            print(error)
    messages = tuple(line.strip() for line in said.getvalue().splitlines() if line.strip())
    return look_up(cuda_major(runtime), messages)


def look_up(major: str, messages: tuple[str, ...] = ()) -> Libraries:
    """Which of them this process has loaded, or could."""
    paths = _loaded_paths()
    found = {name: path for name in (*_NEEDED, *_OPTIONAL) if (path := _find(name, major, paths))}
    return Libraries(
        found=found,
        missing=tuple(name for name in _NEEDED if name not in found),
        without=tuple(name for name in _OPTIONAL if name not in found),
        messages=messages,
    )


def _loaded_paths() -> list[str]:
    """Files of the shared libraries in this process; empty where the system does not tell."""
    try:
        lines = Path("/proc/self/maps").read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    return sorted({line.split(maxsplit=5)[5] for line in lines if ".so" in line and "/" in line})


def _find(name: str, major: str, paths: list[str]) -> str:
    for path in paths:
        if Path(path).name.startswith(f"lib{name}.so"):
            return path
    if sys.platform == "linux":
        return ""  # `preload_dlls` has tried the system's, too
    try:
        ctypes.CDLL(f"{name}64_{major}.dll")
    except OSError:
        return ""
    return f"{name}64_{major}.dll"

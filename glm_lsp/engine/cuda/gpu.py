"""The NVIDIA GPUs of this machine, as their driver tells. The only module that imports pynvml, and late."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True, slots=True)
class Gpu:
    """One device, of those a program may use.

    Attributes:
        cuda_version: the newest that the driver runs, "13.0".
        capability: of its compute units, "9.0".
        free_bytes, total_bytes: of its memory.
    """

    name: str
    driver: str
    cuda_version: str
    capability: str
    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class GpuSurvey:
    """What was found; `reason` says why `gpus` is empty. `is_known` is False where nobody could be asked."""

    gpus: tuple[Gpu, ...]
    reason: str = ""
    is_known: bool = True


def find_gpus() -> GpuSurvey:
    """The GPUs that CUDA programs of this process see, in their order."""
    try:
        import pynvml  # noqa: PLC0415
    except ImportError:
        return GpuSurvey((), "the package nvidia-ml-py is not installed", is_known=False)
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return GpuSurvey((), f"there is no NVIDIA driver: {error}")
    try:
        gpus = tuple(_gpu(pynvml, handle) for handle in _visible(pynvml))
    except pynvml.NVMLError as error:
        return GpuSurvey((), f"the NVIDIA driver does not answer: {error}", is_known=False)
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()
    if not gpus:
        hidden = f", or {VISIBLE} hides it" if VISIBLE in os.environ else ""
        return GpuSurvey((), f"there is no NVIDIA GPU{hidden}")
    return GpuSurvey(gpus)


def _visible(pynvml: Any) -> list[Any]:
    """Handles in CUDA's order: NVML knows nothing of the variable that chooses among devices."""
    count = pynvml.nvmlDeviceGetCount()
    chosen = os.environ.get(VISIBLE)
    if chosen is None:
        return [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
    handles = []
    for entry in filter(None, map(str.strip, chosen.split(","))):
        if entry.isdigit() and int(entry) < count:
            handles.append(pynvml.nvmlDeviceGetHandleByIndex(int(entry)))
        elif entry.startswith(("GPU-", "MIG-")):
            handles.append(pynvml.nvmlDeviceGetHandleByUUID(entry))
        else:
            break  # CUDA, too, sees nothing behind the first entry that is none
    return handles


def _gpu(pynvml: Any, handle: Any) -> Gpu:
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    version = int(pynvml.nvmlSystemGetCudaDriverVersion_v2())
    major, minor = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
    return Gpu(
        name=_text(pynvml.nvmlDeviceGetName(handle)),
        driver=_text(pynvml.nvmlSystemGetDriverVersion()),
        cuda_version=f"{version // 1000}.{version % 1000 // 10}",
        capability=f"{major}.{minor}",
        free_bytes=int(memory.free),
        total_bytes=int(memory.total),
    )


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

"""Where a model runs: what was asked for, what there is, and never one for the other without a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from glm_lsp.engine.cuda.buffers import DeviceName
from glm_lsp.engine.cuda.gpu import find_gpus
from glm_lsp.engine.cuda.libraries import INSTALL
from glm_lsp.engine.cuda.memory import needed_memory
from glm_lsp.engine.cuda.opening import require_built_for
from glm_lsp.engine.cuda.provider import has_cuda
from glm_lsp.engine.onnx_runtime import Device
from glm_lsp.errors import DeviceError, GpuMemoryError, RuntimeLibraryError
from glm_lsp.models.store import ModelFolder

LEAST_TOKENS = 1024
"""A KV cache is not made smaller than this: completions see too little of the file then."""


@dataclass(frozen=True, slots=True)
class Placement:
    """One way to run a model.

    Attributes:
        capacity: tokens of a KV cache.
        reason: why it is not on the GPU, for the log.
        instead: what kept it from the GPU that it was made for; people should know.
    """

    device: DeviceName
    capacity: int
    reason: str = ""
    instead: RuntimeLibraryError | None = None


def require_cuda(runtime: Any, folder: ModelFolder) -> None:
    """Whether everything is there that can be known without loading the model.

    Raises:
        DeviceError: something is not.
    """
    if not has_cuda(runtime):
        raise DeviceError(
            "the installed ONNX Runtime has no CUDA provider", f"In the checkout, type: {INSTALL}"
        )
    survey = find_gpus()
    if survey.is_known and not survey.gpus:
        raise DeviceError(survey.reason, "Install NVIDIA's driver, or use device 'cpu'.")
    require_built_for(folder, "cuda")


def placements(runtime: Any, folder: ModelFolder, device: Device, capacity: int) -> Iterator[Placement]:
    """What to try, the best first: on the GPU with ever smaller KV caches, then, for `auto`, on the CPU.

    Raises:
        DeviceError: `device` is no device, or CUDA was asked for and is not there.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise DeviceError(f"{device!r} is not a device")
    activations = folder.manifest.activations
    if device == "cpu":
        made_for_gpu = DeviceError(f"it was imported for a GPU, in {activations}")
        yield Placement("cpu", capacity, instead=made_for_gpu if activations != "fp32" else None)
        return
    runs_on_cpu = activations != "bf16"
    try:
        require_cuda(runtime, folder)
    except DeviceError as error:
        if device == "cuda" or not runs_on_cpu:
            raise
        yield Placement("cpu", capacity, error.cause, error if activations != "fp32" else None)
        return
    yield from _on_gpu(folder, capacity)
    if device == "auto" and runs_on_cpu:
        yield Placement("cpu", capacity, instead=GpuMemoryError("the GPU's memory does not suffice"))


def _on_gpu(folder: ModelFolder, capacity: int) -> Iterator[Placement]:
    """Halves down to `LEAST_TOKENS`; what cannot fit is left out, so that no weights are read in vain."""
    gpus = find_gpus().gpus
    while True:
        need = needed_memory(folder, capacity, run_tokens=1)
        if not gpus or need.weight_bytes + need.slot_bytes <= gpus[0].free_bytes:
            yield Placement("cuda", capacity)
        if capacity // 2 < LEAST_TOKENS:
            return
        capacity //= 2

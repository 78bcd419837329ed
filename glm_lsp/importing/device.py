"""What a model is imported for: the CPU computes in fp32, CUDA's kernels in fp16 or bf16."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from glm_lsp.engine import onnx_runtime
from glm_lsp.engine.cuda.gpu import find_gpus
from glm_lsp.errors import ArchitectureError, InputError, RuntimeLibraryError
from glm_lsp.importing.choices import DEVICES
from glm_lsp.models.model_config import ModelConfig
from glm_lsp.models.precision import FITTING, Precision
from glm_lsp.models.prefix_config import PrefixLmConfig

Device = Literal["cpu", "cuda"]


@dataclass(frozen=True, slots=True)
class Target:
    """A device, and why it is the one."""

    device: Device
    reason: str


def target_for(asked: str, config: ModelConfig, precision: Precision | None) -> Target:
    """Where a model is going to run.

    Args:
        asked: one of `DEVICES`; "auto" takes CUDA where it is there and can compute this model.
        precision: of the weights, where one was asked for.

    Raises:
        InputError: the precision is not one of this device, or there is no such device.
        ArchitectureError: CUDA cannot compute this model.
    """
    if asked not in DEVICES:
        raise InputError(f"--device {asked!r} is not a device", f"Choose one of {', '.join(DEVICES)}.")
    unfit = _unfit_for_cuda(config, precision)
    if asked == "cuda" and unfit:
        raise unfit
    if asked == "auto":
        found = _found()
        target = Target("cpu", unfit.cause) if unfit and found.device == "cuda" else found
    else:
        target = Target("cuda" if asked == "cuda" else "cpu", "as asked for")
    if target.device == "cpu" and precision == "bf16":
        raise InputError(
            "bf16 weights are computed with on CUDA only",
            "Add --device cuda, or choose another --precision.",
        )
    return target


def _unfit_for_cuda(
    config: ModelConfig, precision: Precision | None
) -> InputError | ArchitectureError | None:
    if isinstance(config, PrefixLmConfig):
        return ArchitectureError(
            f"models that read in both directions, as {config.architecture}, run on the CPU only",
            "Leave --device out, or set it to cpu.",
        )
    if precision and not any(precision in FITTING[kind] for kind in ("fp16", "bf16")):
        return InputError(
            f"CUDA does not compute with {precision} weights", "Choose --precision fp16, int8 or int4."
        )
    return None


def _found() -> Target:
    """What this machine has."""
    try:
        providers = onnx_runtime.import_onnxruntime().get_available_providers()
    except RuntimeLibraryError as error:
        return Target("cpu", error.cause)
    if "CUDAExecutionProvider" not in providers:
        return Target("cpu", "the installed ONNX Runtime is the one for CPUs")
    survey = find_gpus()
    if survey.gpus:
        return Target("cuda", survey.gpus[0].name)
    if not survey.is_known:
        # Whoever installed that wheel has a GPU as a rule; and a graph for it also runs on the CPU.
        return Target("cuda", f"the ONNX Runtime for it is installed, though {survey.reason}")
    return Target("cpu", survey.reason)

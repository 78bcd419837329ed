"""ONNX Runtime itself: which wheel it is, how a graph is loaded. The only module that imports onnxruntime, and late."""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from glm_lsp.engine.cores import physical_cores
from glm_lsp.errors import (
    ContextOverflowError,
    DeviceError,
    OnnxRuntimeConflictError,
    OnnxRuntimeMissingError,
    SessionError,
)
from glm_lsp.models.store import ModelFolder

Device = Literal["auto", "cpu", "cuda"]

SPIN_US = "300"
"""Long enough to bridge an operator that one thread does alone, and what is done between two steps; then the cores
belong to the editor again. On a busy machine unbounded spinning made a step of eight tokens five times slower, as the
threads used up their time slices by waiting."""

MAX_DEFAULT_THREADS = 4
"""More threads gain little on the small matrices of a decode step, and the editor wants the cores too."""


def import_onnxruntime() -> Any:
    """The onnxruntime package, once it is certain which wheel it is.

    Raises:
        OnnxRuntimeMissingError, OnnxRuntimeConflictError: there is none, or two.
    """
    if _installed("onnxruntime") and _installed("onnxruntime-gpu"):
        raise OnnxRuntimeConflictError("onnxruntime and onnxruntime-gpu are both installed")
    # Its Linux wheel reports to its makers unless told not to before it is loaded: it writes a database into the
    # home folder, keeps a thread, and calls out. `disable_telemetry_events()` comes too late for some of that.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime  # noqa: PLC0415
    except ImportError as error:
        raise OnnxRuntimeMissingError(f"ONNX Runtime cannot be imported: {error}") from error
    return onnxruntime


def _installed(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def check_device(device: Device) -> None:
    """For sessions on the CPU.

    Raises:
        DeviceError: something else was asked for.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise DeviceError(f"{device!r} is not a device")
    if device == "cuda":
        raise DeviceError("this session runs on the CPU only", "Use device 'auto' or 'cpu'.")


def usable_capacity(folder: ModelFolder, capacity: int | None) -> int:
    """Tokens a KV cache of this model shall hold; all it was built for when `capacity` is None.

    Raises:
        ContextOverflowError: it is more than that.
    """
    if capacity is None:
        return folder.manifest.capacity
    if not 1 <= capacity <= folder.manifest.capacity:
        raise ContextOverflowError(
            f"a capacity of {capacity} tokens was asked for, the model was built for "
            f"{folder.manifest.capacity}",
            "Ask for less, or import the model again with a larger capacity.",
        )
    return capacity


def check_files(folder: ModelFolder) -> None:
    """The model's files are those of its manifest, and its graph names no others.

    Raises:
        ModelFileError: a file is missing, altered, or outside its folder.
    """
    # Imported here: a fake session needs neither onnx nor a model folder.
    from glm_lsp.models.external_data import require_contained  # noqa: PLC0415

    folder.check_at_start()
    require_contained(folder.graph_path, folder.manifest.files)


def session_options(runtime: Any, threads: int | None, allow_spinning: bool) -> Any:
    """How a graph is run: by so many threads, by default the physical cores, at most 4."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads or min(physical_cores(), MAX_DEFAULT_THREADS)
    options.log_severity_level = 3
    settings = {
        "session.intra_op.allow_spinning": str(int(allow_spinning)),
        "session.intra_op.spin_duration_us": SPIN_US,
    }
    for name, value in settings.items():
        options.add_session_config_entry(name, value)
    return options


def load(runtime: Any, path: Path, options: Any) -> Any:
    """The graph, ready to run.

    Raises:
        SessionError: ONNX Runtime refuses it.
    """
    try:
        return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise SessionError(f"ONNX Runtime cannot load {path}: {error}") from error

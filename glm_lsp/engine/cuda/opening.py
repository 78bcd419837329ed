"""Opens a model on a device, or says what keeps it from running there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glm_lsp.engine import onnx_runtime
from glm_lsp.engine.cuda import provider
from glm_lsp.engine.cuda.block_copy import BlockCopy, open_block_copy
from glm_lsp.engine.cuda.buffers import DeviceName, KVLayout, Place
from glm_lsp.engine.cuda.failures import first_line, is_out_of_memory
from glm_lsp.engine.cuda.gpu import find_gpus
from glm_lsp.engine.cuda.kv_cache import HotSlot
from glm_lsp.engine.cuda.libraries import cuda_major
from glm_lsp.engine.cuda.memory import parked_slots
from glm_lsp.engine.cuda.run_shape import STEP_WIDTHS
from glm_lsp.engine.cuda.session import CudaSession
from glm_lsp.errors import DeviceError, GpuMemoryError, SessionError
from glm_lsp.models.prefix_config import PrefixLmConfig
from glm_lsp.models.store import ModelFolder

IMPORT_AGAIN = "Import the model again with `glm-lsp model import --device cuda`."


def open_on_device(
    folder: ModelFolder,
    *,
    device: DeviceName = "cuda",
    capacity: int | None = None,
    cuda_graphs: bool = True,
    num_slots: int = 3,
    parks_on_host: bool = False,
    widths: Sequence[int] = STEP_WIDTHS,
) -> CudaSession:
    """Checks the model's files and loads it on the device.

    Args:
        device: "cpu" runs the very same code without a GPU, for tests.
        capacity: tokens a KV cache holds; the most the model was built for when omitted.
        cuda_graphs: whether steps may be captured.
        num_slots: KV caches that will be in use; all but one are parked, and two change places through one more.
        parks_on_host: whether they lie on the host in any case.
        widths: of steps.

    Raises:
        OnnxRuntimeMissingError, OnnxRuntimeConflictError, DeviceError: see the classes.
        GpuMemoryError: the GPU has no room for the weights, or for one slot.
        ModelFileError: a file of the model is missing, altered, or outside its folder.
        ContextOverflowError: `capacity` is more than the model was built for.
        SessionError: ONNX Runtime refuses the graph.
    """
    runtime = onnx_runtime.import_onnxruntime()
    require_built_for(folder, device)
    capacity = onnx_runtime.usable_capacity(folder, capacity)
    onnx_runtime.check_files(folder)
    options = onnx_runtime.session_options(runtime, CudaSession.threads, allow_spinning=False)
    loaded = provider.load(runtime, folder.graph_path, options, device, cuda_graphs=cuda_graphs)
    place = Place(runtime, loaded.inference, device)
    layout = _kv_layout(loaded.inference, capacity)
    num_parked = 0 if parks_on_host or num_slots < 2 else _room_for_parked(device, layout, num_slots)
    hot = _hot_slot(place, layout, open_block_copy(device, cuda_major(runtime)), num_parked)
    return CudaSession(place, loaded, layout, folder.config.vocab_size, hot, widths)


def _hot_slot(place: Place, layout: KVLayout, copy_blocks: BlockCopy | None, num_parked: int) -> HotSlot:
    try:
        return HotSlot(layout, lambda: place.array(layout.shape, layout.dtype), copy_blocks, num_parked)
    except Exception as error:  # as in `provider`
        if not is_out_of_memory(error):
            raise SessionError(f"no KV cache can be made: {first_line(error)}") from error
        mib = layout.num_bytes // 2**20
        raise GpuMemoryError(f"the GPU has no room for a KV cache of {mib} MiB") from error


def _kv_layout(inference: Any, capacity: int) -> KVLayout:
    inputs = {value.name: value for value in inference.get_inputs()}
    try:
        first = inputs["past.0.k"]
        _, num_heads, _, head_dim = first.shape
        num_layers = sum(name.startswith("past.") for name in inputs) // 2
        layout = KVLayout(num_layers, num_heads, capacity, head_dim, first.type)
        _ = layout.element_type
    except (KeyError, ValueError) as error:
        raise SessionError(f"this is not a graph of this program: no {error}") from error
    return layout


def _room_for_parked(device: DeviceName, layout: KVLayout, num_slots: int) -> int:
    gpus = find_gpus().gpus if device == "cuda" else ()
    return parked_slots(gpus[0].free_bytes if gpus else None, layout.num_bytes, num_slots)


def require_built_for(folder: ModelFolder, device: DeviceName) -> None:
    """Whether there are kernels for the model on the device.

    Raises:
        DeviceError: there are none.
    """
    manifest = folder.manifest
    if manifest.graph_kind != "fused" or isinstance(folder.config, PrefixLmConfig):
        raise DeviceError(f"{manifest.name} has a graph for the CPU only", "Use device 'auto' or 'cpu'.")
    if device == "cuda" and manifest.activations == "fp32":
        raise DeviceError(
            f"{manifest.name} computes in fp32, which CUDA's attention does not take", IMPORT_AGAIN
        )

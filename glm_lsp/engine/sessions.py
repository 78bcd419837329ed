"""Opens a model with the session that its kind of graph and its device need."""

from __future__ import annotations

from glm_lsp.engine import onnx_runtime
from glm_lsp.engine.cuda.opening import open_on_device
from glm_lsp.engine.cuda.session import CudaSession
from glm_lsp.engine.onnx_runtime import Device
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.past_present_session import PastPresentSession
from glm_lsp.engine.placement import Placement
from glm_lsp.engine.relief import SessionLadder
from glm_lsp.models.store import ModelFolder

OpenSession = OnnxSession | PastPresentSession | CudaSession


def open_session(
    folder: ModelFolder,
    *,
    device: Device = "auto",
    threads: int | None = None,
    capacity: int | None = None,
    allow_spinning: bool = True,
    cuda_graphs: bool = True,
) -> OpenSession:
    """Checks a model's files and loads it where it is asked for, or where there is room.

    Args:
        device: "auto" is CUDA if ONNX Runtime, driver, GPU and model are made for it, and else the CPU.
        threads: CPU threads of one run; the physical cores, at most 4, when omitted.
        capacity: tokens a KV cache holds; the most the model was built for when omitted. On a GPU with too little
            memory it becomes less.
        allow_spinning: waiting threads spin briefly before they sleep, which is faster.
        cuda_graphs: whether a GPU's steps may be captured as CUDA graphs.

    Raises:
        OnnxRuntimeMissingError, OnnxRuntimeConflictError, DeviceError: see the classes.
        GpuMemoryError: CUDA was asked for, and the GPU has no room.
        ModelFileError: a file of the model is missing, altered, or outside its folder.
        ContextOverflowError: `capacity` is more than the model was built for.
        SessionError: ONNX Runtime refuses the graph.
    """
    ladder = session_ladder(
        folder,
        device=device,
        threads=threads,
        capacity=capacity,
        allow_spinning=allow_spinning,
        cuda_graphs=cuda_graphs,
    )
    return ladder.open()


def session_ladder(
    folder: ModelFolder,
    *,
    device: Device = "auto",
    threads: int | None = None,
    capacity: int | None = None,
    allow_spinning: bool = True,
    cuda_graphs: bool = True,
    num_slots: int = 3,
) -> SessionLadder[OpenSession]:
    """The ways to run a model, to be opened one after the other as memory runs short.

    Args:
        num_slots: KV caches that will be in use.

    Raises:
        OnnxRuntimeMissingError, OnnxRuntimeConflictError, ContextOverflowError: see `open_session`.
    """

    def open_at(place: Placement) -> OpenSession:
        if place.device == "cuda":
            return open_on_device(
                folder, capacity=place.capacity, cuda_graphs=cuda_graphs, num_slots=num_slots
            )
        kind = PastPresentSession if folder.manifest.graph_kind == "past-present" else OnnxSession
        return kind.open(folder, threads=threads, capacity=place.capacity, allow_spinning=allow_spinning)

    runtime = onnx_runtime.import_onnxruntime()
    wanted = onnx_runtime.usable_capacity(folder, capacity)
    return SessionLadder.over(runtime, folder, device, wanted, open_at)

"""Opens a model with the session that its kind of graph needs."""

from __future__ import annotations

from glm_lsp.engine.onnx_runtime import Device
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.past_present_session import PastPresentSession
from glm_lsp.models.store import ModelFolder

OpenSession = OnnxSession | PastPresentSession


def open_session(
    folder: ModelFolder,
    *,
    device: Device = "auto",
    threads: int | None = None,
    capacity: int | None = None,
    allow_spinning: bool = True,
) -> OpenSession:
    """Checks a model's files and loads it; arguments and errors are those of `OnnxSession.open`."""
    kind = PastPresentSession if folder.manifest.graph_kind == "past-present" else OnnxSession
    return kind.open(folder, device=device, threads=threads, capacity=capacity, allow_spinning=allow_spinning)

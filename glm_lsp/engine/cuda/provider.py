"""A graph loaded into ONNX Runtime's CUDA provider, and proof that it runs there.

ONNX Runtime falls back to the CPU without a word, as a whole or node by node; so it is asked afterwards what it did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glm_lsp.engine.cuda.buffers import DEVICE_ID, DeviceName
from glm_lsp.engine.cuda.failures import first_line, is_out_of_memory
from glm_lsp.engine.cuda.libraries import INSTALL, Libraries, preload
from glm_lsp.errors import DeviceError, GpuMemoryError, SessionError

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}

_RECORD = "session.record_ep_graph_assignment_info"
_CHEAP_OPS = frozenset({"Shape", "Size", "Constant", "Cast", "Unsqueeze", "Squeeze", "Identity"})
"""What may run on the CPU beside a graph on CUDA: numbers of a shape, never a matrix."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A graph, ready to run.

    Attributes:
        captures: whether CUDA graphs may be captured.
        why_not: they may not, in words.
        num_nodes: by provider; empty where this version of ONNX Runtime does not tell.
    """

    inference: Any
    captures: bool
    why_not: str
    num_nodes: dict[str, int]


def load(runtime: Any, path: Path, options: Any, device: DeviceName, *, cuda_graphs: bool) -> Loaded:
    """Loads a graph on a device.

    Args:
        options: of the session; what is recorded for `num_nodes` is added.
        cuda_graphs: whether to capture, if that is possible.

    Raises:
        DeviceError: the graph does not run on the device, or not all of it.
        GpuMemoryError: it has no room there.
        SessionError: ONNX Runtime refuses the graph.
    """
    options.add_session_config_entry(_RECORD, "1")
    if device == "cpu":
        inference = _create(runtime, path, options, [PROVIDERS["cpu"]])
        return Loaded(inference, captures=False, why_not="not on a GPU", num_nodes=_num_nodes(inference))
    # Weights outside of the arena, which would round their memory up.
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    found = preload(runtime)
    why_not = "" if cuda_graphs else "switched off"
    for captures, settings in _attempts(cuda_graphs):
        try:
            inference = _create(runtime, path, options, [(PROVIDERS[device], settings)])
        except SessionError as error:
            # The memory of this attempt is given back before the next.
            why_not, failure = why_not or error.cause, SessionError(error.cause, error.remedy)
        else:
            return Loaded(inference, captures, "" if captures else why_not, _proven(inference, found))
    raise failure


def has_cuda(runtime: Any) -> bool:
    """Whether this ONNX Runtime has a CUDA provider, built in or as a plug-in of its wheel."""
    if PROVIDERS["cuda"] in runtime.get_available_providers():
        return True
    if not getattr(runtime, "cuda_version", ""):
        return False
    preload(runtime)
    return any(device.ep_name == PROVIDERS["cuda"] for device in runtime.get_ep_devices())


def _attempts(cuda_graphs: bool) -> Iterator[tuple[bool, dict[str, str]]]:
    """Settings of the provider, the best first; another version may not know all of them."""
    settings = {
        "device_id": str(DEVICE_ID),
        # A model takes as much as it needs; the default doubles the arena at every growth.
        "arena_extend_strategy": "kSameAsRequested",
        # The norms add up in fp32; what is fast and what is right differ little here.
        "enable_skip_layer_norm_strict_mode": "1",
    }
    if cuda_graphs:
        yield True, settings | {"enable_cuda_graph": "1"}
    yield False, settings
    yield False, {"device_id": str(DEVICE_ID)}


def _create(runtime: Any, path: Path, options: Any, providers: list[Any]) -> Any:
    try:
        # Without its own fallback: that prints, and hides why.
        return runtime.InferenceSession(str(path), options, providers=providers, enable_fallback=0)
    except Exception as error:  # ONNX Runtime raises classes of its own and bare RuntimeError
        if is_out_of_memory(error):
            raise GpuMemoryError(
                f"the GPU has no room for {path.parent.name}: {first_line(error)}"
            ) from error
        raise SessionError(f"ONNX Runtime cannot load {path}: {first_line(error)}") from error


def _proven(inference: Any, found: Libraries) -> dict[str, int]:
    """Nodes by provider.

    Raises:
        DeviceError: not all that computes is on CUDA.
    """
    if PROVIDERS["cuda"] not in inference.get_providers():
        without = f" without {', '.join(found.missing)}" if found.missing else ""
        raise DeviceError(
            f"ONNX Runtime's CUDA provider cannot be used here{without}; it loaded the model on the CPU",
            f"In the checkout, type: {INSTALL}"
            if found.missing
            else "`glm-lsp doctor` says what CUDA lacks.",
        )
    astray = Counter(
        node.op_type
        for graph in assignments(inference)
        if graph.ep_name != PROVIDERS["cuda"]
        for node in graph.get_nodes()
        if node.op_type not in _CHEAP_OPS
    )
    if astray:
        named = ", ".join(f"{name} ({count})" for name, count in astray.most_common(4))
        raise DeviceError(
            f"CUDA does not compute all of this model: {named} would run on the CPU",
            "Import the model again with --device cuda, with an ONNX Runtime of at least 1.30.",
        )
    return _num_nodes(inference)


def assignments(inference: Any) -> list[Any]:
    """Which provider computes what; empty where this version of ONNX Runtime does not tell."""
    tell = getattr(inference, "get_provider_graph_assignment_info", None)
    try:
        return list(tell()) if tell else []
    except Exception:
        return []  # it was not recorded


def _num_nodes(inference: Any) -> dict[str, int]:
    nodes: Counter[str] = Counter()
    for graph in assignments(inference):
        nodes[graph.ep_name] += len(graph.get_nodes())
    return dict(nodes)

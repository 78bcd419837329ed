"""How fast a device moves its own memory: the floor under a step there, measured in the same run as the steps.

A graph of one Identity between two bound tensors is nothing but a copy, made by the library that runs the model; no
other package is needed. It reads and writes every byte, so it moves twice what it copies.
"""

from __future__ import annotations

import time
from typing import Literal

import numpy as np
from onnx import TensorProto, helper

from glm_lsp.engine import onnx_runtime
from glm_lsp.engine.cuda.libraries import preload
from glm_lsp.errors import DeviceError

COPIED_BYTES = 1 << 31
"""Far more than any cache holds, and long enough for launching it not to count."""
READINGS = 12

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_OPSET, _IR_VERSION = 21, 10


def copy_bandwidth(device: Literal["cpu", "cuda"], num_bytes: int = COPIED_BYTES) -> float:
    """Gigabytes per second that a copy inside the device's memory reads and writes: the best of several.

    Raises:
        DeviceError: the device is not there.
    """
    runtime, provider = onnx_runtime.import_onnxruntime(), _PROVIDERS[device]
    if device == "cuda":
        preload(runtime)
    count = num_bytes // 4
    session = runtime.InferenceSession(_copying(count), providers=[provider])
    if session.get_providers()[0] != provider:
        raise DeviceError(f"ONNX Runtime does not run on {device}")
    make = runtime.OrtValue.ortvalue_from_shape_and_type
    source, target = (make([count], np.float32, device, 0) for _ in range(2))
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", source)
    binding.bind_ortvalue_output("y", target)
    seconds = []
    for _ in range(1 + READINGS):
        started = time.perf_counter()
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        seconds.append(time.perf_counter() - started)
    return 2 * num_bytes / min(seconds[1:]) / 1e9


def _copying(count: int) -> bytes:
    """A model y = x of `count` numbers."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [count]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "copy", [x], [y])
    opsets = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
    data: bytes = model.SerializeToString()
    return data

"""The small rooms of the CUDA engine that need no model: shapes, sizes, memory, copies, the driver, the libraries."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.engine.cuda import block_copy, libraries
from glm_lsp.engine.cuda.block_copy import CudaBlockCopy, copy_on_host, open_block_copy
from glm_lsp.engine.cuda.failures import first_line, is_device_lost, is_out_of_memory
from glm_lsp.engine.cuda.gpu import VISIBLE, find_gpus
from glm_lsp.engine.cuda.memory import parked_slots
from glm_lsp.engine.cuda.prefill_size import LONGEST_RUN_S, SIZES, best_size, measure_sizes
from glm_lsp.engine.cuda.run_shape import LARGEST_BUCKET, NO_GRAPH, STEP_WIDTHS, RunShapes
from glm_lsp.errors import SessionError


@given(st.data())
def test_a_run_fits_its_shape_and_its_rows_are_the_last_tokens(data: st.DataObject) -> None:
    capacity = data.draw(st.integers(1, 5000))
    num_tokens = data.draw(st.integers(1, capacity))
    past = data.draw(st.integers(0, capacity - num_tokens))
    num_scored = data.draw(st.integers(0, min(num_tokens, 40)))
    shapes = RunShapes(capacity)
    plan = shapes.plan(past, num_tokens, num_scored)
    assert num_tokens <= plan.shape.num_tokens
    assert past + plan.shape.num_tokens <= capacity
    assert len(plan.selected) == plan.shape.num_rows
    assert all(0 <= row < plan.shape.num_tokens for row in plan.selected)
    asked = plan.selected[plan.first_row : plan.first_row + num_scored]
    assert asked == tuple(range(num_tokens - num_scored, num_tokens))
    if plan.shape.graph_id != NO_GRAPH:
        assert plan.shape in shapes.steps
        assert plan.selected == tuple(range(plan.shape.num_rows)), "what a graph reads never changes"
    elif plan.shape.is_kept:
        assert plan.shape.num_tokens & (plan.shape.num_tokens - 1) == 0
        assert num_tokens <= LARGEST_BUCKET


def test_steps_take_the_narrowest_width_and_each_has_a_graph_of_its_own() -> None:
    shapes = RunShapes(4096)
    assert [shapes.plan(100, count, count).shape.num_tokens for count in range(1, 10)] == [
        1, 2, 4, 4, 8, 8, 8, 8, 16,
    ]  # fmt: skip
    ids = [shape.graph_id for shape in shapes.steps]
    assert len(set(ids)) == len(STEP_WIDTHS)
    assert all(number > 0 for number in ids)


def test_few_shapes_serve_all_runs() -> None:
    shapes = RunShapes(8192)
    found = {shapes.plan(0, count, 1).shape for count in range(1, LARGEST_BUCKET + 1)}
    assert len(found) == len(STEP_WIDTHS) + 8


def test_widths_have_to_ascend() -> None:
    with pytest.raises(ValueError, match="ascend"):
        RunShapes(64, (4, 2))


def test_the_chunk_is_the_fastest_that_can_be_given_up_soon() -> None:
    fixed_ms = {
        size: (2 + size / 40) / 1e3 for size in SIZES
    }  # a run has a price of its own: longer is better
    assert best_size(fixed_ms, 8192) == 512
    assert fixed_ms[512] <= LONGEST_RUN_S < fixed_ms[1024]
    assert best_size(dict.fromkeys(SIZES, 1.0), 8192) == SIZES[0], "all too slow: the quickest to give up"
    assert best_size({size: size / 1e6 for size in SIZES}, 8192) == SIZES[0], (
        "no gain: the quickest to give up"
    )
    assert best_size({}, 40) == 40
    assert best_size({64: 0.001, 128: 0.0011}, 200) == 128


def test_sizes_far_beyond_the_bound_are_not_tried() -> None:
    tried: list[int] = []

    def time_run(size: int) -> float:
        tried.append(size)
        return size / 4000

    measure_sizes(time_run, 8192)
    assert tried == [64, 128, 256]
    tried.clear()
    measure_sizes(lambda size: tried.append(size) or 0.001, 300)  # type: ignore[func-returns-value]
    assert tried == [64, 128, 256]


@pytest.mark.parametrize(
    "message",
    [
        "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : BFCArena::AllocateRawInternal Failed to allocate memory for "
        "requested buffer of size 536870912",
        "CUDA failure 2: out of memory ; GPU=0 ; hostname=x ; expr=cudaMalloc(&p, size);",
        "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED",
        "Available memory of 1024 is smaller than requested bytes of 4096",
    ],
)
def test_the_end_of_memory_is_known_by_its_words(message: str) -> None:
    assert is_out_of_memory(RuntimeError(message))
    assert not is_device_lost(RuntimeError(message))


def test_a_lost_device_is_known_by_its_words() -> None:
    lost = RuntimeError("CUDA failure 700: an illegal memory access was encountered ; GPU=0\nstack")
    assert is_device_lost(lost)
    assert not is_out_of_memory(lost)
    assert first_line(lost) == "CUDA failure 700: an illegal memory access was encountered ; GPU=0"
    assert first_line(KeyError()) == "KeyError"


def test_parked_slots_leave_half_of_the_memory_to_others() -> None:
    gib = 2**30
    assert parked_slots(8 * gib, gib, 16) == 4
    assert parked_slots(8 * gib, gib, 2) == 2
    assert parked_slots(gib, gib, 2) == 0
    assert parked_slots(None, gib, 3) == 3


# Copies


def test_rows_are_copied_and_what_is_between_them_is_not() -> None:
    source = np.arange(60, dtype=np.uint8).reshape(6, 10)
    target = np.zeros((6, 8), np.uint8)
    copy_on_host(target.ctypes.data, 8, source.ctypes.data, 10, 7, 6)
    np.testing.assert_array_equal(target[:, :7], source[:, :7])
    assert not target[:, 7].any()
    copy_on_host(target.ctypes.data, 8, 0, 10, 0, 6)  # nothing is nothing


class FakeCudaRuntime:
    """cudart's functions over the host's memory, with what they are told."""

    def __init__(self, status: int = 0) -> None:
        self.calls: list[str] = []

        def copy(*place: Any) -> int:
            target, target_pitch, source, source_pitch, width, height, direction = place
            assert direction == 4
            copy_on_host(target, target_pitch, source, source_pitch, width, height)
            self.calls.append("copy")
            return status

        self.cudaSetDevice = self._function("device")
        self.cudaMemcpy2D = copy
        self.cudaDeviceSynchronize = self._function("wait")

    def _function(self, name: str) -> Any:
        def call(*_: Any) -> int:
            self.calls.append(name)
            return 0

        return call


def test_a_copy_on_the_device_is_waited_for() -> None:
    runtime = FakeCudaRuntime()
    copy = CudaBlockCopy(runtime)  # type: ignore[arg-type]
    source, target = np.arange(12, dtype=np.uint8).reshape(3, 4), np.zeros((3, 4), np.uint8)
    copy(target.ctypes.data, 4, source.ctypes.data, 4, 4, 3)
    np.testing.assert_array_equal(target, source)
    assert runtime.calls == ["device", "copy", "wait"]


def test_a_copy_without_memory_says_so() -> None:
    copy = CudaBlockCopy(FakeCudaRuntime(status=2))  # type: ignore[arg-type]
    array = np.zeros(4, np.uint8)
    with pytest.raises(SessionError) as caught:
        copy(array.ctypes.data, 4, array.ctypes.data, 4, 4, 1)
    assert is_out_of_memory(caught.value)


def test_without_the_cuda_runtime_there_is_no_block_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def load(name: str) -> Any:
        asked.append(name)
        raise OSError(name)

    monkeypatch.setattr(block_copy.ctypes, "CDLL", load)
    assert open_block_copy("cuda", "13") is None
    assert asked == ["cudart64_13.dll" if sys.platform == "win32" else "libcudart.so.13"]
    assert open_block_copy("cpu", "13") is copy_on_host


# The driver


class FakeNvml(types.ModuleType):
    """As much of nvidia-ml-py as is asked."""

    class NVMLError(Exception):
        pass

    def __init__(self, count: int, failure: str = "") -> None:
        super().__init__("pynvml")
        self.count, self.failure = count, failure
        self.is_open = False

    def nvmlInit(self) -> None:  # noqa: N802
        if self.failure == "init":
            raise self.NVMLError("Driver Not Loaded")
        self.is_open = True

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.is_open = False

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return self.count

    def nvmlDeviceGetHandleByIndex(self, index: int) -> str:  # noqa: N802
        return f"number {index}"

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:  # noqa: N802
        return uuid

    def nvmlDeviceGetName(self, handle: str) -> bytes:  # noqa: N802
        return handle.encode()

    def nvmlDeviceGetMemoryInfo(self, handle: str) -> Any:  # noqa: N802
        if self.failure == "memory":
            raise self.NVMLError("Not Supported")
        return types.SimpleNamespace(free=3 * 2**30, total=8 * 2**30)

    def nvmlSystemGetDriverVersion(self) -> str:  # noqa: N802
        return "580.65.06"

    def nvmlSystemGetCudaDriverVersion_v2(self) -> int:  # noqa: N802
        return 13010

    def nvmlDeviceGetCudaComputeCapability(self, handle: str) -> tuple[int, int]:  # noqa: N802
        return (9, 0)


def use(monkeypatch: pytest.MonkeyPatch, nvml: FakeNvml | None, visible: str | None = None) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.delenv(VISIBLE, raising=False)
    if visible is not None:
        monkeypatch.setenv(VISIBLE, visible)


def test_a_gpu_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = FakeNvml(1)
    use(monkeypatch, nvml)
    [gpu] = find_gpus().gpus
    assert (gpu.name, gpu.driver, gpu.cuda_version, gpu.capability) == (
        "number 0",
        "580.65.06",
        "13.1",
        "9.0",
    )
    assert (gpu.free_bytes, gpu.total_bytes) == (3 * 2**30, 8 * 2**30)
    assert not nvml.is_open


@pytest.mark.parametrize(
    ("visible", "names"),
    [
        (None, ["number 0", "number 1", "number 2"]),
        ("2,0", ["number 2", "number 0"]),
        ("1, 7, 0", ["number 1"]),
        ("GPU-8f2e,1", ["GPU-8f2e", "number 1"]),
        ("", []),
        ("-1", []),
    ],
)
def test_those_that_cuda_sees_in_its_order(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, names: list[str]
) -> None:
    use(monkeypatch, FakeNvml(3), visible)
    survey = find_gpus()
    assert [gpu.name for gpu in survey.gpus] == names
    assert survey.is_known
    assert (VISIBLE in survey.reason) == (not names)


@pytest.mark.parametrize(
    ("nvml", "reason", "is_known"),
    [
        (None, "nvidia-ml-py is not installed", False),
        (FakeNvml(1, "init"), "no NVIDIA driver: Driver Not Loaded", True),
        (FakeNvml(1, "memory"), "does not answer: Not Supported", False),
        (FakeNvml(0), "no NVIDIA GPU", True),
    ],
)
def test_none_and_why(
    monkeypatch: pytest.MonkeyPatch, nvml: FakeNvml | None, reason: str, is_known: bool
) -> None:
    use(monkeypatch, nvml)
    survey = find_gpus()
    assert survey.gpus == ()
    assert reason in survey.reason
    assert survey.is_known is is_known


# The libraries


def test_libraries_are_those_the_process_has(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = "".join(
        f"7f00-7f10 r-xp 00000000 08:01 42 /opt/nvidia cu13/lib/{name}\n"
        for name in ("libcudart.so.13", "libcublas.so.13.1.0", "libcublasLt.so.13", "libcurand.so.10")
    )
    monkeypatch.setattr(Path, "read_text", lambda *_: maps + "7f00-7f10 rw-p 00000000 00:00 0 [heap]\n")
    monkeypatch.setattr(sys, "platform", "linux")
    found = libraries.look_up("13")
    assert found.missing == ()
    assert found.without == ("cudnn", "cufft", "nvrtc")
    assert found.found["cublas"] == "/opt/nvidia cu13/lib/libcublas.so.13.1.0"


def test_preloading_prints_nothing_and_keeps_what_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    class Runtime:
        cuda_version = "13.0"

        def preload_dlls(self, directory: str) -> None:
            assert directory == ""
            print("Failed to load libcublas.so.13: no such file\n")

    found = libraries.preload(Runtime())
    assert found.messages == ("Failed to load libcublas.so.13: no such file",)
    assert capsys.readouterr().out == ""
    assert libraries.cuda_major(Runtime()) == "13"
    assert libraries.cuda_major(types.SimpleNamespace(cuda_version="")) == libraries.DEFAULT_MAJOR

"""Where a model runs, and what happens when the GPU's memory ends: at the start, at a step, and with nothing left."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from glm_lsp.engine import loading, placement, sessions
from glm_lsp.engine.cuda import provider
from glm_lsp.engine.cuda.gpu import Gpu, GpuSurvey
from glm_lsp.engine.cuda.opening import open_on_device
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.placement import LEAST_TOKENS, Placement, placements
from glm_lsp.engine.relief import SessionLadder
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.errors import DeviceError, GlmError, GpuMemoryError, SessionError
from glm_lsp.models.store import ModelFolder
from tests.tiny_model import tiny_model

S = TypeVar("S")
GIB = 2**30
WITH_CUDA: Any = SimpleNamespace(get_available_providers=lambda: list(provider.PROVIDERS.values()))
CPU_ONLY: Any = SimpleNamespace(get_available_providers=lambda: [provider.PROVIDERS["cpu"]])
FULL = "Failed to allocate memory for requested buffer of size 99"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return tiny_model(tmp_path_factory.mktemp("relief"), precision="int8", activations="fp16", capacity=96)


@pytest.fixture(scope="module")
def long_model(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    folder = tmp_path_factory.mktemp("long")
    return tiny_model(folder, precision="int8", activations="fp16", capacity=4 * LEAST_TOKENS)


def gpus(monkeypatch: pytest.MonkeyPatch, free_bytes: int | None, *, is_known: bool = True) -> None:
    gpu = Gpu("a GPU", "580", "13.0", "9.0", free_bytes or 0, 80 * GIB)
    survey = GpuSurvey((), "there is no NVIDIA GPU", is_known) if free_bytes is None else GpuSurvey((gpu,))
    monkeypatch.setattr(placement, "find_gpus", lambda: survey)


def devices(model: ModelFolder, device: Any, runtime: Any = WITH_CUDA) -> list[tuple[str, int]]:
    found = placements(runtime, model, device, model.manifest.capacity)
    return [(place.device, place.capacity) for place in found]


def test_auto_takes_the_gpu_then_less_of_it_then_the_cpu(
    long_model: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(monkeypatch, 40 * GIB)
    smaller = [("cuda", 4 * LEAST_TOKENS), ("cuda", 2 * LEAST_TOKENS), ("cuda", LEAST_TOKENS)]
    assert devices(long_model, "auto") == [*smaller, ("cpu", 4 * LEAST_TOKENS)]
    assert devices(long_model, "cuda") == smaller
    assert devices(long_model, "cpu") == [("cpu", 4 * LEAST_TOKENS)]


def test_what_cannot_fit_is_not_tried(long_model: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    need = placement.needed_memory(long_model, 2 * LEAST_TOKENS, 1)
    gpus(monkeypatch, need.weight_bytes + need.slot_bytes)
    assert devices(long_model, "cuda") == [("cuda", 2 * LEAST_TOKENS), ("cuda", LEAST_TOKENS)]
    gpus(monkeypatch, need.weight_bytes)
    assert devices(long_model, "cuda") == []
    assert devices(long_model, "auto") == [("cpu", 4 * LEAST_TOKENS)]


@pytest.mark.parametrize(
    ("runtime", "free_bytes", "reason"),
    [(CPU_ONLY, 40 * GIB, "no CUDA provider"), (WITH_CUDA, None, "no NVIDIA GPU")],
)
def test_without_cuda_auto_is_the_cpu_and_says_why_and_cuda_is_refused(
    model: ModelFolder, monkeypatch: pytest.MonkeyPatch, runtime: Any, free_bytes: int | None, reason: str
) -> None:
    gpus(monkeypatch, free_bytes)
    [place] = placements(runtime, model, "auto", 96)
    assert place.device == "cpu"
    assert reason in place.reason
    assert place.instead is not None, "in fp16 it was made for a GPU"
    with pytest.raises(DeviceError, match=reason):
        devices(model, "cuda", runtime)


def test_where_the_driver_cannot_be_asked_cuda_is_tried(
    model: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(monkeypatch, None, is_known=False)
    assert devices(model, "cuda") == [("cuda", 96)]


def test_a_model_in_fp32_stays_on_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gpus(monkeypatch, 40 * GIB)
    model = tiny_model(tmp_path, capacity=64)
    [place] = placements(WITH_CUDA, model, "auto", 64)
    assert (place.device, "fp32" in place.reason, place.instead) == ("cpu", True, None)
    with pytest.raises(DeviceError, match="fp32"):
        devices(model, "cuda")


def test_a_model_in_bf16_has_nowhere_to_go_without_a_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(monkeypatch, 40 * GIB)
    model = tiny_model(tmp_path, precision="int8", activations="bf16", capacity=64)
    assert devices(model, "auto") == [("cuda", 64)]
    with pytest.raises(DeviceError, match="no CUDA provider"):
        devices(model, "auto", CPU_ONLY)


def test_a_model_made_for_a_gpu_is_slow_on_the_cpu_and_that_is_said(
    model: ModelFolder, tmp_path: Path
) -> None:
    with Engine.load(model, device="cpu", threads=1) as engine:
        assert engine.describe().note.startswith(
            "GLM-303: the model runs on the CPU, which is slow: it was imported for a GPU, in fp16."
        )
    with Engine.load(tiny_model(tmp_path, capacity=64), device="cpu", threads=1) as engine:
        assert engine.describe().note == ""


class Place:
    """Opens everything but what is listed, which fails like that."""

    def __init__(self, failures: dict[tuple[str, int], Exception]) -> None:
        self.failures, self.tried = failures, list[tuple[str, int]]()

    def open(self, place: Placement) -> str:
        self.tried.append((place.device, place.capacity))
        if (error := self.failures.get(self.tried[-1])) is not None:
            raise error
        return f"{place.device} {place.capacity}"


def ladder(open_at: Callable[[Placement], S], *rungs: Placement, falls_back: bool = True) -> SessionLadder[S]:
    return SessionLadder(iter(rungs), open_at, falls_back=falls_back)


BIG, SMALL = Placement("cuda", 4096), Placement("cuda", 2048)
CPU = Placement("cpu", 4096, instead=GpuMemoryError("the GPU's memory does not suffice"))


def test_at_the_start_it_takes_the_first_with_room_and_tells_of_it_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    opener = Place({("cuda", 4096): GpuMemoryError("no room")})
    one = ladder(opener.open, BIG, SMALL, CPU)
    assert one.open() == "cuda 2048"
    assert one.note == "GLM-306: the GPU's memory holds 2048 tokens of context instead of 4096."
    assert [record.getMessage() for record in caplog.records] == [one.note]
    assert ladder(Place({}).open, BIG, SMALL, CPU).note == ""


def test_later_it_goes_down_from_where_it_is_to_the_cpu() -> None:
    opener = Place({})
    one = ladder(opener.open, BIG, SMALL, CPU)
    assert one.open() == "cuda 4096"
    one.failed(GpuMemoryError("the GPU's memory ran out"))
    assert one.open() == "cuda 2048"
    one.failed(GpuMemoryError("the GPU's memory ran out"))
    assert one.open() == "cpu 4096"
    assert one.placement == CPU
    assert one.note.startswith("GLM-306: the model runs on the CPU, which is slow: the GPU's memory ran out.")
    assert "--precision int4" in one.note


def test_cuda_is_never_the_cpu_and_its_last_place_is_tried_again() -> None:
    opener = Place({("cuda", 2048): GpuMemoryError("no room")})
    one = ladder(opener.open, BIG, SMALL, falls_back=False)
    assert one.open() == "cuda 4096"
    one.failed(GpuMemoryError("it ran out"))
    with pytest.raises(GpuMemoryError, match="no room") as caught:
        one.open()
    assert "--precision int4" in caught.value.remedy
    with pytest.raises(GpuMemoryError, match="no room"):
        one.open()
    opener.failures.clear()  # another program has left the GPU
    assert one.open() == "cuda 2048"
    assert opener.tried == [("cuda", 4096), *[("cuda", 2048)] * 3]


@pytest.mark.parametrize("error", [DeviceError("half of it would run on the CPU"), SessionError("refused")])
def test_cuda_that_does_not_work_is_no_matter_of_memory(error: Exception) -> None:
    opener = Place({("cuda", 4096): error})
    one = ladder(opener.open, BIG, SMALL, CPU)
    assert one.open() == "cpu 4096"
    assert opener.tried == [("cuda", 4096), ("cpu", 4096)]
    assert "int4" not in one.note
    with pytest.raises(type(error)):
        ladder(opener.open, BIG, SMALL, falls_back=False).open()


def test_no_place_at_all_is_a_matter_of_memory() -> None:
    with pytest.raises(GpuMemoryError, match="no room for the model's weights"):
        ladder(Place({}).open, falls_back=False).open()


def ask(engine: Engine) -> int:
    request = CompletionRequest(prompt="def f(x):\n    return", max_tokens=4, glm=GlmOptions(raw=True))
    last = list(engine.complete(request))[-1]
    assert last.usage is not None
    return last.usage.completion_tokens


def test_an_engine_that_runs_short_answers_once_with_the_error_and_goes_on_with_less(
    model: ModelFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Two places on the "GPU", which is the CPU's provider here; then the CPU's own session."""
    caplog.set_level(logging.WARNING)
    opened: list[weakref.ref[Any]] = []

    def open_at(place: Placement) -> Any:
        assert not any(session() for session in opened), "the memory of the one before is wanted"
        if place.device == "cpu":
            return OnnxSession.open(model, threads=1)
        session = open_on_device(model, device="cpu", capacity=place.capacity, num_slots=2)
        opened.append(weakref.ref(session))
        return session

    rungs = (
        Placement("cuda", 96),
        Placement("cuda", 48),
        Placement("cpu", 96, instead=GpuMemoryError("its memory does not suffice")),
    )
    monkeypatch.setattr(loading, "session_ladder", lambda *_, **__: ladder(open_at, *rungs))
    with Engine.load(model, device="auto", max_slots=2) as engine:
        assert ask(engine) == 4
        for expected in (("cuda", 48), ("cpu", 96)):
            break_runs(opened[-1]())
            with pytest.raises(GpuMemoryError, match="ran out"):
                ask(engine)
            assert ask(engine) == 4
            about = engine.describe()
            assert (about.device, about.context_length) == expected
            assert [record.getMessage() for record in caplog.records] == [about.note]
            caplog.clear()
        assert engine.counters()["errors"] == 2
        assert engine.counters()["requests"] == 3


def test_a_gpu_that_is_lost_at_a_step_is_left_for_the_cpu_or_said_to_be_lost(
    model: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []

    def open_at(place: Placement) -> Any:
        if place.device == "cpu":
            return OnnxSession.open(model, threads=1)
        opened.append(open_on_device(model, device="cpu", capacity=place.capacity))
        return opened[-1]

    rungs = (
        Placement("cuda", 96),
        Placement("cuda", 48),
        Placement("cpu", 96, instead=GpuMemoryError("its memory does not suffice")),
    )
    for falls_back in (True, False):
        tried = rungs if falls_back else rungs[:2]
        one = ladder(open_at, *tried, falls_back=falls_back)
        monkeypatch.setattr(loading, "session_ladder", lambda *_, one=one, **__: one)
        with Engine.load(model, device="auto" if falls_back else "cuda") as engine:
            assert ask(engine) == 4
            break_runs(opened[-1], "CUDA failure 700: an illegal memory access was encountered")
            with pytest.raises(DeviceError, match="does not work any more") as caught:
                ask(engine)
            assert "Restart the engine" in caught.value.remedy
            if falls_back:
                assert ask(engine) == 4
                assert engine.describe().note.startswith("GLM-303: the model runs on the CPU")
            else:
                for _ in range(2):
                    with pytest.raises(DeviceError, match="does not work any more"):
                        ask(engine)
        assert len(opened) == 1, "no weights are read for a GPU that is gone"
        opened.clear()


def break_runs(session: Any, message: str = FULL) -> None:
    def run(*_: Any) -> None:
        raise RuntimeError(message)

    session._place.inference.run_with_iobinding = run


# The provider


def node(op_type: str) -> Any:
    return SimpleNamespace(op_type=op_type)


def inference(providers: list[str], **astray: int) -> Any:
    graphs = [
        SimpleNamespace(ep_name="CUDAExecutionProvider", get_nodes=lambda: [node("MatMulNBits")] * 7),
        *(
            SimpleNamespace(ep_name="CPUExecutionProvider", get_nodes=lambda name=name, n=n: [node(name)] * n)
            for name, n in astray.items()
        ),
    ]
    return SimpleNamespace(get_providers=lambda: providers, get_provider_graph_assignment_info=lambda: graphs)


class FakeRuntime:
    """Makes the sessions it is given, one after the other; an exception is raised."""

    cuda_version = "13.0"

    def __init__(self, *sessions: Any) -> None:
        self.sessions, self.asked = list(sessions), list[Any]()

    def preload_dlls(self, directory: str) -> None:
        del directory

    def InferenceSession(self, path: str, options: Any, *, providers: Any, enable_fallback: int) -> Any:  # noqa: N802
        assert enable_fallback == 0, "else ONNX Runtime takes the CPU and prints"
        self.asked.append(providers)
        session = self.sessions.pop(0)
        if isinstance(session, Exception):
            raise session
        return session


def load(runtime: FakeRuntime, **options: Any) -> provider.Loaded:
    entries = SimpleNamespace(add_session_config_entry=lambda *_: None)
    return provider.load(
        runtime, Path("model/model.onnx"), entries, "cuda", **({"cuda_graphs": True} | options)
    )


BOTH = ["CUDAExecutionProvider", "CPUExecutionProvider"]


def test_all_that_computes_is_on_cuda_or_it_is_refused() -> None:
    loaded = load(FakeRuntime(inference(BOTH, Shape=2)))
    assert loaded.captures
    assert loaded.num_nodes == {"CUDAExecutionProvider": 7, "CPUExecutionProvider": 2}
    with pytest.raises(DeviceError, match=r"ArgMax \(2\) would run on the CPU"):
        load(FakeRuntime(inference(BOTH, ArgMax=2)))


def test_a_silent_fall_back_to_the_cpu_is_an_error() -> None:
    with pytest.raises(DeviceError, match="CUDA provider cannot be used here") as caught:
        load(FakeRuntime(inference(["CPUExecutionProvider"])))
    assert "make install EXTRA=gpu" in caught.value.remedy


def test_without_cuda_graphs_it_runs_without_and_knows_why() -> None:
    refusal = RuntimeError("This session cannot use the graph capture feature\nas requested")
    runtime = FakeRuntime(refusal, inference(BOTH))
    loaded = load(runtime)
    assert not loaded.captures
    assert "cannot use the graph capture feature" in loaded.why_not
    assert ["enable_cuda_graph" in asked[0][1] for asked in runtime.asked] == [True, False]
    off = load(FakeRuntime(inference(BOTH)), cuda_graphs=False)
    assert (off.captures, off.why_not) == (False, "switched off")


def test_a_version_that_does_not_know_our_settings_runs_with_its_own() -> None:
    runtime = FakeRuntime(*[ValueError("Unknown provider option")] * 2, inference(BOTH))
    loaded = load(runtime)
    assert "Unknown provider option" in loaded.why_not
    assert runtime.asked[-1] == [("CUDAExecutionProvider", {"device_id": "0"})]
    with pytest.raises(SessionError, match="cannot load model"):
        load(FakeRuntime(*[RuntimeError("this is no graph")] * 3))


class PlugIn(FakeRuntime):
    """A wheel whose CUDA provider is registered once its libraries are loaded."""

    def get_available_providers(self) -> list[str]:
        return ["CPUExecutionProvider"]

    def get_ep_devices(self) -> list[Any]:
        return [SimpleNamespace(ep_name="CUDAExecutionProvider")] if self.cuda_version else []


def test_a_provider_that_comes_as_a_plug_in_counts() -> None:
    runtime = PlugIn()
    assert provider.has_cuda(runtime)
    runtime.cuda_version = ""
    assert not provider.has_cuda(runtime)


def test_no_room_for_the_weights_is_told_as_that() -> None:
    with pytest.raises(GpuMemoryError, match="no room for model") as caught:
        load(FakeRuntime(RuntimeError(FULL)))
    assert caught.value.code == "GLM-306"


def test_open_session_takes_the_session_of_the_place(
    model: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(sessions.open_session(model), OnnxSession)
    with pytest.raises(GlmError, match="CUDA") as caught:
        sessions.open_session(model, device="cuda")
    assert caught.value.code == DeviceError.code

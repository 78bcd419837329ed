"""`OnnxSession`: what it refuses to open and what it keeps between runs; its numbers belong to parity/."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from glm_lsp.engine import onnx_runtime
from glm_lsp.engine.cores import physical_cores
from glm_lsp.engine.onnx_session import MAX_KEPT_BINDINGS, MAX_KEPT_TOKENS, OnnxSession
from glm_lsp.engine.session import Session
from glm_lsp.errors import (
    ContextOverflowError,
    DeviceError,
    ModelFileError,
    OnnxRuntimeConflictError,
    OnnxRuntimeMissingError,
    SessionError,
)
from glm_lsp.models.integrity import describe_file
from glm_lsp.models.store import ModelFolder
from tests.tiny_model import tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return tiny_model(tmp_path_factory.mktemp("model"), precision="int8")


@pytest.fixture(scope="module")
def session(model: ModelFolder) -> OnnxSession:
    return OnnxSession.open(model, threads=1)


def test_it_is_a_session(session: OnnxSession, model: ModelFolder) -> None:
    checked: Session = session
    assert checked.capacity == model.manifest.capacity == 256
    assert checked.vocab_size == model.manifest.vocab_size
    assert checked.new_kv().capacity == 256
    assert session.providers == ["CPUExecutionProvider"]


def test_no_row_scored_gives_empty_arrays(session: OnnxSession) -> None:
    for length in (1, 5, 100):
        scores = session.run(session.new_kv(), 0, [1] * length, 0)
        assert scores.next_ids.shape == (0,)
        assert scores.top_ids.shape == scores.top_logprobs.shape == (0, 8)
        assert scores.logits is None


def test_logits_come_only_when_wanted(session: OnnxSession) -> None:
    kv = session.new_kv()
    assert session.run(kv, 0, [1, 2], 1).logits is None
    logits = session.run(kv, 0, [1, 2], 1, want_logits=True).logits
    assert logits is not None
    assert logits.shape == (1, session.vocab_size)


def test_padded_rows_of_the_vocabulary_are_never_scored(session: OnnxSession, model: ModelFolder) -> None:
    assert session.vocab_size < model.config.vocab_size
    scores = session.run(session.new_kv(), 0, [model.config.vocab_size - 1] * 60, 60)
    assert scores.top_ids.max() < session.vocab_size


def test_short_runs_keep_their_bindings_and_long_ones_do_not(session: OnnxSession) -> None:
    kv = session.new_kv()
    for position in range(3):
        session.run(kv, position, [position], 1)
    session.run(kv, 3, [1] * 8, 8)
    session.run(kv, 11, [1] * (MAX_KEPT_TOKENS + 1), 1)
    # A single token is run as two, of which the first is scored.
    assert sorted(kv.bindings) == [(2, 0, 1, False), (8, 0, 8, False)]


def test_only_so_many_bindings_are_kept(session: OnnxSession) -> None:
    kv = session.new_kv()
    shapes = [(tokens, scored) for tokens in range(2, 20) for scored in range(tokens + 1)]
    for tokens, scored in shapes:
        session.run(kv, 0, [1] * tokens, scored)
    assert len(shapes) > len(kv.bindings) == MAX_KEPT_BINDINGS
    assert (19, 0, 19, False) in kv.bindings


def test_the_last_position_takes_a_single_token(session: OnnxSession) -> None:
    kv = session.new_kv()
    session.run(kv, 0, [1] * (session.capacity - 1), 0)
    assert session.run(kv, session.capacity - 1, [2], 1).next_ids.shape == (1,)


def test_capacity_can_be_smaller_than_built(model: ModelFolder) -> None:
    session = OnnxSession.open(model, threads=1, capacity=32)
    kv = session.new_kv()
    assert kv.values.shape == (2, 2, 1, 2, 32, 32)
    session.run(kv, 0, [1] * 32, 1)
    with pytest.raises(ContextOverflowError, match="1 tokens after 32"):
        session.run(kv, 32, [1], 1)
    with pytest.raises(ContextOverflowError, match="built for 256"):
        OnnxSession.open(model, capacity=257)


@pytest.mark.parametrize(
    ("past", "token_ids", "num_scored"), [(-1, [1], 1), (0, [], 0), (0, [1], 2), (0, [1], -1), (0, [-1], 1)]
)
def test_senseless_runs_are_refused(
    session: OnnxSession, past: int, token_ids: list[int], num_scored: int
) -> None:
    with pytest.raises(SessionError):
        session.run(session.new_kv(), past, token_ids, num_scored)


def test_a_foreign_kv_cache_is_refused(session: OnnxSession) -> None:
    class Other:
        capacity = 256

    with pytest.raises(TypeError):
        session.run(Other(), 0, [1], 1)


def test_without_onnxruntime_it_says_what_to_install(
    model: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "onnxruntime":
            raise ModuleNotFoundError("No module named 'onnxruntime'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(OnnxRuntimeMissingError, match="make install"):
        OnnxSession.open(model)


def test_both_wheels_together_are_refused(model: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda _name: "1.31.1")
    with pytest.raises(OnnxRuntimeConflictError, match="pip uninstall"):
        OnnxSession.open(model)


def test_one_wheel_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "onnxruntime":
            raise metadata.PackageNotFoundError(name)
        return "1.31.1"

    monkeypatch.setattr(metadata, "version", version)
    assert onnx_runtime.import_onnxruntime().__name__ == "onnxruntime"


@pytest.mark.parametrize(
    ("device", "cause"), [("cuda", "CUDA provider|CPU only"), ("npu", "'npu' is not a device")]
)
def test_a_device_that_is_not_there_is_refused(model: ModelFolder, device: Any, cause: str) -> None:
    with pytest.raises(DeviceError, match=cause):
        OnnxSession.open(model, device=device)


def damaged(folder: Path, content: bytes) -> ModelFolder:
    """A model whose graph is `content`, with a manifest that agrees."""
    model = tiny_model(folder)
    model.graph_path.write_bytes(content)
    files = dict(model.manifest.files) | {"model.onnx": describe_file(model.graph_path)}
    values = {name: getattr(model.manifest, name) for name in model.manifest.__struct_fields__}
    type(model.manifest)(**(values | {"files": files})).write(model.path)
    return ModelFolder.load(model.path)


def test_a_damaged_file_is_found_before_it_is_loaded(tmp_path: Path) -> None:
    model = tiny_model(tmp_path)
    path = model.path / "model.onnx.data"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelFileError, match=r"model\.onnx\.data has \d+ bytes"):
        OnnxSession.open(model)


def test_a_graph_onnxruntime_refuses_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="cannot load"):
        OnnxSession.open(damaged(tmp_path, b""))


def test_a_foreign_graph_is_reported(tmp_path: Path) -> None:
    x, y = (onnx.helper.make_tensor_value_info(name, 1, [1]) for name in ("x", "y"))
    graph = onnx.helper.make_graph([onnx.helper.make_node("Neg", ["x"], ["y"])], "other", [x], [y])
    opset = [onnx.helper.make_opsetid("", 21)]
    content = onnx.helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()
    with pytest.raises(SessionError, match="not a graph of this program"):
        OnnxSession.open(damaged(tmp_path, content))


def test_the_self_check_passes_here_and_would_notice(
    session: OnnxSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.self_check() < 0.02
    real = OnnxSession.run

    def one_row_wrong(self: OnnxSession, kv: Any, past: int, ids: Any, rows: int, **options: Any) -> Any:
        scores = real(self, kv, past, ids, rows, **options)
        if len(ids) == 1 and scores.logits is not None:
            scores.logits[:] *= 1.5
        return scores

    monkeypatch.setattr(OnnxSession, "run", one_row_wrong)
    with pytest.raises(SessionError, match="one token and eight"):
        session.self_check()


def test_the_self_check_looks_at_each_row(session: OnnxSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """All runs put their logits into one place: a row compared with itself would always fit."""
    real = OnnxSession.run

    def first_wrong(self: OnnxSession, kv: Any, past: int, ids: Any, rows: int, **options: Any) -> Any:
        scores = real(self, kv, past, ids, rows, **options)
        if len(ids) == 1 and past == 0 and scores.logits is not None:
            scores.logits[:] = np.random.default_rng(1).normal(size=scores.logits.shape)
        return scores

    monkeypatch.setattr(OnnxSession, "run", first_wrong)
    with pytest.raises(SessionError, match="one token and eight"):
        session.self_check()


def test_threads_and_cores_are_sensible() -> None:
    assert 1 <= physical_cores() <= 4096
    assert 1 <= onnx_runtime.MAX_DEFAULT_THREADS <= 64


def test_the_runtime_reports_to_nobody(model: ModelFolder, tmp_path: Path) -> None:
    """The Linux wheel of ONNX Runtime writes a database for its makers unless it is told not to."""
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    script = (
        "import sys, pathlib; from glm_lsp.engine.onnx_session import OnnxSession;"
        "from glm_lsp.models.store import ModelStore;"
        "session = OnnxSession.open(ModelStore().resolve(sys.argv[1]), threads=1);"
        "session.run(session.new_kv(), 0, [1, 2], 1)"
    )
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XDG_", "ORT_")) and name != "GLM_LSP_HOME"
    } | {"HOME": str(home), "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script, str(model.path)], env=environment, check=True, timeout=60)
    written = [path for folder in (home, temporary) for path in folder.rglob("*") if path.is_file()]
    assert written == []

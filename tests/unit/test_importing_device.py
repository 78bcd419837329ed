"""Imports for CUDA: which device is chosen, what is measured, and what the model then computes in."""

from __future__ import annotations

import json
import sys
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from glm_lsp import cli_last_look
from glm_lsp.engine import onnx_runtime
from glm_lsp.engine.cuda.gpu import Gpu, GpuSurvey
from glm_lsp.engine.sessions import open_session
from glm_lsp.errors import ArchitectureError, InputError, OnnxRuntimeMissingError
from glm_lsp.importing import device as device_module
from glm_lsp.importing.calibration import (
    MARGIN,
    NUM_TOKENS,
    calibration_prompt,
    choose_activations,
    measure,
)
from glm_lsp.importing.device import Target, target_for
from glm_lsp.importing.importer import run_plan
from glm_lsp.importing.plan import Plan, Wish, make_plan
from glm_lsp.importing.self_check import RawTensors, Reference, check_model, verify_model
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.formulas import ObservedFormula
from glm_lsp.models.manifest import Magnitudes, Manifest
from glm_lsp.models.precision import FP16_MAX
from tests.official.checkpoints import write_official_folder
from tests.prefix_models import chatglm_6b
from tests.tiny_model import random_weights, tiny_config, write_checkpoint

GPU = Gpu("NVIDIA Test", "580.1", "13.0", "9.0", 2**34, 2**34)
FAMILIES = ("codegeex4", "codegeex2", "glm-4-0414", "glm-edge")


def plan_for(checkpoint: Path, **options: Any) -> Plan:
    given = {"precision": "int8", "capacity": 128, "device": "cuda"} | options
    return make_plan(Wish(checkpoint=checkpoint, name="tiny", **given), checkpoint.parent / "models" / "tiny")


def official(folder: Path, family: str) -> Path:
    write_official_folder(folder / family, family)
    return folder / family


def massive(folder: Path, factor: float, name: str = "model.layers.1.mlp.down_proj.weight") -> Path:
    """A checkpoint in which one matrix is so many times larger."""
    config = tiny_config()
    weights: dict[str, NDArray[np.float32]] = random_weights(config)
    weights[name] = weights[name] * np.float32(factor)
    return write_checkpoint(folder / "massive", config, weights=weights)


# --- the device


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A machine whose ONNX Runtime and GPUs are what a test makes them."""
    has = SimpleNamespace(
        providers=["CPUExecutionProvider"], survey=GpuSurvey((), "there is no NVIDIA driver")
    )
    runtime = SimpleNamespace(get_available_providers=lambda: has.providers)
    monkeypatch.setattr(onnx_runtime, "import_onnxruntime", lambda: runtime)
    monkeypatch.setattr(device_module, "find_gpus", lambda: has.survey)
    return has


def test_auto_takes_cuda_where_wheel_and_gpu_are(machine: SimpleNamespace) -> None:
    config = tiny_config()
    machine.survey = GpuSurvey((GPU,))
    assert target_for("auto", config, None).device == "cpu"
    assert "for CPUs" in target_for("auto", config, None).reason
    machine.providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    assert target_for("auto", config, None) == Target("cuda", "NVIDIA Test")
    assert target_for("cpu", config, None).device == "cpu"
    machine.survey = GpuSurvey((), "there is no NVIDIA GPU")
    assert target_for("auto", config, None) == Target("cpu", "there is no NVIDIA GPU")
    assert target_for("cuda", config, None).device == "cuda"  # for another machine
    machine.survey = GpuSurvey((), "nobody can be asked", is_known=False)
    assert target_for("auto", config, None).device == "cuda"
    assert "nobody can be asked" in target_for("auto", config, None).reason


def test_auto_takes_the_cpu_for_what_only_that_computes(machine: SimpleNamespace) -> None:
    machine.providers, machine.survey = ["CUDAExecutionProvider"], GpuSurvey((GPU,))
    target = target_for("auto", chatglm_6b().config, None)
    assert target.device == "cpu"
    assert "both directions" in target.reason
    assert target_for("auto", tiny_config(), "fp32").device == "cpu"
    assert target_for("auto", tiny_config(), "bf16").device == "cuda"


def test_what_a_device_cannot_compute_is_refused(machine: SimpleNamespace) -> None:
    with pytest.raises(InputError, match="fp32 weights"):
        target_for("cuda", tiny_config(), "fp32")
    with pytest.raises(ArchitectureError, match="both directions"):
        target_for("cuda", chatglm_6b().config, None)
    for asked in ("cpu", "auto"):
        with pytest.raises(InputError, match="bf16") as caught:
            target_for(asked, tiny_config(), "bf16")
        assert "--device cuda" in caught.value.remedy


def test_without_an_onnx_runtime_it_is_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise OnnxRuntimeMissingError("no ONNX Runtime")

    monkeypatch.setattr(onnx_runtime, "import_onnxruntime", missing)
    assert target_for("auto", tiny_config(), None) == Target("cpu", "no ONNX Runtime")


# --- the measurement


def values_on_the_way(graph_path: Path, config: GlmConfig, token_ids: list[int]) -> dict[str, float]:
    """The greatest numbers of an fp32 graph by part, which gets its inner values as outputs."""
    proto = onnx.load(str(graph_path))
    names: dict[str, list[str]] = {"residual": ["embed"], "attention": [], "mlp": [], "head": ["final_norm"]}
    for layer in range(config.num_hidden_layers):
        own = f"layer{layer}"
        names["attention"].append(f"{own}.qkv")
        names["mlp"] += [f"{own}.gate_up", f"{own}.product"]
        names["residual"] += [f"{own}.o", f"{own}.down", f"{own}.mlp_norm.stream"]
        if config.architecture == "glm4":
            names["residual"] += [f"{own}.o_norm", f"{own}.down_norm"]
        if layer:
            names["residual"].append(f"{own}.attn_norm.stream")
    names["residual"].append("final_norm.stream")
    for name in chain(*names.values()):
        proto.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    names["head"].append("logits")
    graph_path.write_bytes(proto.SerializeToString())
    session = onnx_runtime.import_onnxruntime().InferenceSession(str(graph_path))
    count = len(token_ids)
    feeds: dict[str, Any] = {
        "input_ids": np.array([token_ids]),
        "seqlens_k": np.array([count - 1], np.int32),
        "total_seq": np.array([count], np.int32),
        "sel": np.arange(count),
    }
    empty = np.zeros((1, config.num_key_value_heads, count, config.head_dim), np.float32)
    feeds |= {value.name: empty for value in session.get_inputs() if value.name.startswith("past.")}
    found = {
        part: max(float(np.abs(value).max()) for value in session.run(each, feeds))
        for part, each in names.items()
    }
    assert len(names["residual"]) > 3 * config.num_hidden_layers
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_measured_is_what_the_graph_computes(tmp_path: Path, family: str) -> None:
    plan = plan_for(official(tmp_path, family), device="cpu", precision="fp32")
    folder = run_plan(plan)
    assert isinstance(plan.formula, ObservedFormula)
    assert isinstance(folder.config, GlmConfig)
    token_ids = calibration_prompt(plan.parts.tokenizer, plan.facts.prompt_profile)
    reader = RawTensors(plan.parts.checkpoint.files)
    found = measure(plan.formula, reader, token_ids, plan.num_ids)
    assert found.num_tokens == len(token_ids)
    expected = values_on_the_way(folder.graph_path, folder.config, token_ids)
    for part, value in expected.items():
        assert getattr(found, part) == pytest.approx(value, rel=1e-3), part


@pytest.mark.parametrize("family", FAMILIES)
def test_the_prompt_is_real_code_as_the_model_gets_it(tmp_path: Path, family: str) -> None:
    plan = plan_for(official(tmp_path, family))
    token_ids = calibration_prompt(plan.parts.tokenizer, plan.facts.prompt_profile)
    assert 32 <= len(token_ids) <= NUM_TOKENS
    assert len(set(token_ids)) > 10


def test_measuring_holds_a_block_of_a_matrix_at_a_time(tmp_path: Path) -> None:
    """And reads every weight once, but for the rows of the embedding that no token needs."""
    plan = plan_for(official(tmp_path, "codegeex4"))
    assert isinstance(plan.formula, ObservedFormula)
    read: list[int] = []
    measure(plan.formula, RawTensors(plan.parts.checkpoint.files, read.append), [1, 2, 3], plan.num_ids)
    config = plan.parts.checkpoint.config
    rest = plan.parts.checkpoint.num_parameters - config.vocab_size * config.hidden_size
    padding = (config.vocab_size - plan.num_ids) * config.hidden_size
    assert sum(read) == rest - padding + 3 * config.hidden_size


@pytest.mark.parametrize(
    ("residual", "head", "precision", "expected"),
    [
        (100.0, 30.0, "int4", "fp16"),
        (100.0, 30.0, "bf16", "bf16"),
        (FP16_MAX / MARGIN + 1, 30.0, "int4", "bf16"),
        (FP16_MAX / MARGIN - 1, 30.0, "int4", "fp16"),
        (1e9, 30.0, "fp16", "bf16"),
    ],
)
def test_fp16_is_taken_where_it_is_certain_to_suffice(
    residual: float, head: float, precision: Any, expected: str
) -> None:
    for part in ("residual", "attention", "mlp"):
        parts = dict.fromkeys(("residual", "attention", "mlp"), 1.0) | {part: residual}
        assert choose_activations(Magnitudes(head=head, num_tokens=1, **parts), precision) == expected


@pytest.mark.parametrize(("residual", "head"), [(1.0, FP16_MAX / 2), (np.inf, 1.0)])
def test_what_no_16_bits_hold_is_refused(residual: float, head: float) -> None:
    found = Magnitudes(residual=residual, attention=1.0, mlp=1.0, head=head, num_tokens=1)
    with pytest.raises(ArchitectureError) as caught:
        choose_activations(found, "int4")
    assert "--device cpu" in caught.value.remedy


# --- the import


@pytest.mark.parametrize(
    ("family", "precision"),
    [("codegeex4", "fp16"), ("codegeex4", "int8"), *((family, "int4") for family in FAMILIES)],
)
def test_an_import_for_cuda_computes_in_fp16(tmp_path: Path, family: str, precision: str) -> None:
    said: list[str] = []
    plan = plan_for(official(tmp_path, family), precision=precision)
    model = run_plan(plan, say=said.append)
    manifest = Manifest.read(model.path)
    assert (manifest.activations, manifest.precision) == ("fp16", precision)
    assert manifest.magnitudes is not None
    assert manifest.magnitudes.residual > 1
    assert len(said) == 1
    assert said[0].endswith("computed in fp16")
    agreement = verify_model(model).agreement
    assert agreement is not None
    assert agreement.correlation >= 0.999
    weights = manifest.files["model.onnx.data"].bytes + manifest.files["model.onnx"].bytes
    assert plan.model_bytes <= weights < plan.model_bytes + 4096 * 60 + 65536


@pytest.mark.parametrize(("precision", "kept"), [("int4", "int4"), ("fp16", "bf16")])
def test_massive_activations_make_it_bf16(tmp_path: Path, precision: str, kept: str) -> None:
    said: list[str] = []
    checkpoint = massive(tmp_path, 1e5)
    model = run_plan(plan_for(checkpoint, precision=precision, family="starter"), say=said.append)
    manifest = model.manifest
    assert (manifest.activations, manifest.precision) == ("bf16", kept)
    assert manifest.magnitudes is not None
    assert manifest.magnitudes.residual > FP16_MAX > manifest.magnitudes.head * MARGIN
    assert said[0].endswith("computed in bf16")
    # For the CPU nothing is measured, and the same weights are no trouble.
    checkpoint = massive(tmp_path / "again", 1e5)
    wide = run_plan(plan_for(checkpoint, device="cpu", family="starter"))
    assert (wide.manifest.activations, wide.manifest.magnitudes) == ("fp32", None)
    assert verify_model(wide).agreement


def test_fp16_would_have_been_wrong_where_bf16_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the measurement would be idle: computed in fp16, this model's logits are no numbers."""
    from glm_lsp.importing import importer

    monkeypatch.setattr(importer, "choose_activations", lambda *_: "fp16")
    model = run_plan(plan_for(massive(tmp_path, 3e6), precision="int8", family="starter"))
    reference = Reference.read(model.path)
    assert reference is not None
    session = open_session(model, device="cpu")
    logits = session.run(session.new_kv(), 0, reference.token_ids, 4, want_logits=True).logits
    assert logits is not None
    assert not np.isfinite(logits).all()
    with pytest.raises(Exception, match="correlate"):
        check_model(session, reference, "int8")


@pytest.mark.parametrize("family", ["chatglm-6b", "glm-original"])
def test_models_that_read_in_both_directions_stay_on_the_cpu(
    tmp_path: Path, family: str, machine: SimpleNamespace
) -> None:
    machine.providers, machine.survey = ["CUDAExecutionProvider"], GpuSurvey((GPU,))
    checkpoint = official(tmp_path, family)
    with pytest.raises(ArchitectureError, match="both directions"):
        plan_for(checkpoint, family=family, capacity=96)
    plan = plan_for(checkpoint, family=family, capacity=96, device="auto")
    assert (plan.runs_on.device, plan.options.activations) == ("cpu", "fp32")
    assert not (tmp_path / "models").exists()


def test_a_last_look_that_only_a_gpu_could_take_keeps_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = {"error": {"code": "GLM-303", "cause": "it computes in bf16", "remedy": "x"}}
    monkeypatch.setattr(
        cli_last_look, "command", lambda _folder: [sys.executable, "-c", f"print({json.dumps(error)!r})"]
    )
    assert not cli_last_look.last_look(tmp_path)
    said = capsys.readouterr().err
    assert "NOT CHECKED: it computes in bf16" in said

"""Graphs that compute in fp16 or bf16: their number formats, their operators, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from safetensors.numpy import save_file

from glm_lsp.engine import onnx_runtime
from glm_lsp.engine.kv_memory import slot_bytes
from glm_lsp.engine.sessions import open_session
from glm_lsp.errors import ArchitectureError, DeviceError, InputError
from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.checkpoint_files.tensor_files import SINGLE_FILE
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.convert import convert
from glm_lsp.models.graph import write_graph
from glm_lsp.models.graph_options import AccuracyLevels, GraphOptions
from glm_lsp.models.number_format import rounded_to, stored
from glm_lsp.models.precision import FITTING, Activations
from glm_lsp.models.quantization import Bits, dequantize, quantize, rounded
from glm_lsp.models.store import ModelFolder
from tests.parity.cases import case_config, max_difference, some_token_ids
from tests.prefix_models import chatglm_6b
from tests.reference.numpy_glm import NumpyGlm
from tests.tiny_model import random_weights, tiny_config, tiny_model, write_checkpoint

CUDA_OPERATORS = {
    "Add", "Cast", "FusedMatMul", "Gather", "GatherBlockQuantized", "GatherElements", "GroupQueryAttention",
    "LogSoftmax", "MatMulNBits", "Mul", "Reshape", "Sigmoid", "SimplifiedLayerNormalization",
    "SkipSimplifiedLayerNormalization", "Slice", "Split", "TopK",
}  # fmt: skip
"""ONNX Runtime's table of kernels has each of them for CUDA in fp16 and bf16, but LogSoftmax and TopK, which get fp32.
None copies to the host, which a CUDA graph could not hold."""

CASES = ("tied-bias-half", "glm4-no-bias-untied")
WIDE = {TensorProto.FLOAT, TensorProto.DOUBLE}


def half_model(folder: Path, case: str, precision: str, activations: Activations) -> ModelFolder:
    config = case_config(case)
    return tiny_model(
        folder,
        config,
        precision=precision,
        activations=activations,
        capacity=64,
        real_vocab_size=300,
        accuracy=AccuracyLevels(0, 0, 0),
    )


def test_bf16_rounds_to_the_nearest_and_ties_to_even() -> None:
    # 1 + k / 256 lies in the middle between two numbers of bf16 where k is odd.
    values = np.array([1.0, 1 + 1 / 256, 1 + 3 / 256, 1.0001, -1.0001, 65504 * 8, 0.0, 1e-40], np.float32)
    found = rounded_to(values, "bf16")
    expected = [1.0, 1.0, 1 + 4 / 256, 1.0, -1.0, 65536 * 8, 0.0]
    assert found[:7].tolist() == expected
    rng = np.random.default_rng(0)
    many = (rng.standard_normal(4096) * 10.0 ** rng.integers(-30, 30, 4096)).astype(np.float32)
    assert np.abs(rounded_to(many, "bf16") / many - 1).max() <= 1 / 256
    bits = stored("many", many, "bf16")
    assert bits.dtype == np.uint16
    tensor = TensorProto(data_type=TensorProto.BFLOAT16, dims=bits.shape, raw_data=bits.tobytes())
    assert np.array_equal(numpy_helper.to_array(tensor).astype(np.float32), rounded_to(many, "bf16"))


def test_what_fp16_cannot_hold_is_named() -> None:
    values = np.array([1.0, 65504.0], np.float32)
    assert stored("x", values, "fp16").dtype == np.float16
    with pytest.raises(ArchitectureError, match=r"layer0\.gain .*fp16"):
        stored("layer0.gain", values * 2, "fp16")
    assert np.isinf(rounded_to(values * 2, "fp16")).tolist() == [False, True]


@pytest.mark.parametrize("number_format", ["fp16", "bf16"])
@pytest.mark.parametrize("bits", [4, 8])
def test_narrow_scales_cost_next_to_nothing(bits: Bits, number_format: Activations) -> None:
    weight = np.random.default_rng(1).standard_normal((64, 256)).astype(np.float32) * 2e-3
    errors = []
    for kept in ("fp32", number_format):
        matrix = quantize(weight, bits, kept)  # type: ignore[arg-type]
        assert np.array_equal(matrix.scales, rounded_to(matrix.scales, kept))  # type: ignore[arg-type]
        assert np.array_equal(rounded(weight, bits, kept), dequantize(matrix))  # type: ignore[arg-type]
        errors.append(float(np.sqrt(np.mean((dequantize(matrix) - weight) ** 2))))
    assert errors[1] <= 1.05 * errors[0]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("activations", "precision"),
    [(activations, each) for activations in ("fp16", "bf16") for each in FITTING[activations]],
)
def test_everything_is_in_the_activations(
    tmp_path: Path, case: str, precision: str, activations: Activations
) -> None:
    model = half_model(tmp_path, case, precision, activations)
    assert (model.manifest.activations, model.manifest.precision) == (activations, precision)
    proto = onnx.load(str(model.graph_path))
    graph, kind = proto.graph, {"fp16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16}[activations]
    assert {node.op_type for node in graph.node} <= CUDA_OPERATORS
    types = {value.name: value.type.tensor_type.elem_type for value in (*graph.input, *graph.output)}
    assert {types[name] for name in types if name.startswith(("past.", "present."))} == {kind}
    assert types["logits"] == types["top_v"] == TensorProto.FLOAT
    assert not any(tensor.data_type in WIDE for tensor in graph.initializer)
    of_table = ("embed.", "scores.weight", "no_ids")
    reals = [t for t in graph.initializer if t.data_type in (TensorProto.FLOAT16, TensorProto.BFLOAT16)]
    for tensor in reals:
        expected = TensorProto.FLOAT16 if tensor.name.startswith(of_table) else kind
        assert tensor.data_type == expected, tensor.name
    assert len(reals) > 10
    assert {prop.key: prop.value for prop in proto.metadata_props}["activations"] == activations


def test_scored_rows_come_in_whole_blocks(tmp_path: Path) -> None:
    """300 ids exist; 320 rows are multiplied and 20 cut off."""
    model = half_model(tmp_path, "tied-bias-half", "int4", "fp16")
    graph = onnx.load(str(model.graph_path)).graph
    head = next(node for node in graph.node if node.name == "scores")
    assert {a.name: a.i for a in head.attribute}["N"] == 320
    session = open_session(model, device="cpu", threads=1)
    scores = session.run(session.new_kv(), 0, [1, 2, 3], 3, want_logits=True)
    assert scores.logits is not None
    assert scores.logits.shape == (3, 300)
    assert np.array_equal(scores.next_ids, scores.logits.argmax(axis=-1))


@pytest.mark.parametrize("num_ids", [4200, 4224, 4352])
def test_the_best_of_a_large_vocabulary_are_found_in_groups(tmp_path: Path, num_ids: int) -> None:
    """Rows that are no ids would win all places here, were they not kept out."""
    config = tiny_config(vocab_size=4352)
    weights = random_weights(config)
    table = weights["model.embed_tokens.weight"]
    table[num_ids:] *= 50
    checkpoint = write_checkpoint(tmp_path / "checkpoint", config, weights=weights)
    model = convert(
        checkpoint,
        tmp_path / "large",
        name="large",
        prompt_profile="plain",
        precision="fp16",
        activations="fp16",
        capacity=32,
        real_vocab_size=num_ids,
    )
    operators = [node.op_type for node in onnx.load(str(model.graph_path)).graph.node]
    assert operators.count("TopK") == 2
    session = open_session(model, device="cpu", threads=1)
    token_ids = [number * 131 % num_ids for number in range(24)]
    scores = session.run(session.new_kv(), 0, token_ids, 24, want_logits=True)
    assert scores.logits is not None
    assert scores.logits.shape == (24, num_ids)
    best = np.take_along_axis(scores.logits, scores.top_ids, axis=-1)
    # Equal scores may come in either order; which values are best may not differ.
    assert np.array_equal(best, -np.sort(-scores.logits, axis=-1)[:, :8])
    assert all(len(set(row)) == 8 for row in scores.top_ids.tolist())
    assert np.array_equal(scores.next_ids, scores.top_ids[:, 0])
    expected = NumpyGlm(config, weights).logits(token_ids)[:, :num_ids]
    assert max_difference(scores.logits, expected) <= 5e-3 * np.ptp(expected)
    assert len(set(scores.top_ids.ravel() // (4224 // 64))) > 16  # of many groups
    assert session.run(session.new_kv(), 0, token_ids, 0).top_ids.shape == (0, 8)


def test_no_product_has_its_bias_inside(tmp_path: Path) -> None:
    model = half_model(tmp_path, "tied-bias-half", "int4", "fp16")
    products = [n for n in onnx.load(str(model.graph_path)).graph.node if n.op_type == "MatMulNBits"]
    assert {len(node.input) for node in products} == {3}


@pytest.mark.parametrize("activations", ["fp16", "bf16"])
def test_the_embedding_spells_out_its_zero_points(tmp_path: Path, activations: Activations) -> None:
    """Releases of ONNX Runtime took 0 for a missing one on CUDA: every row of the embedding would be off."""
    graph = onnx.load(str(half_model(tmp_path, "tied-bias-half", "int4", activations).graph_path)).graph
    gather = next(node for node in graph.node if node.op_type == "GatherBlockQuantized")
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    scales, zero_points = tensors[gather.input[2]], tensors[gather.input[3]]
    assert zero_points.shape == scales.shape
    assert zero_points.dtype == np.uint8
    assert (zero_points == 128).all()


@pytest.mark.parametrize("precision", ["int4", "bf16"])
def test_a_tied_head_reads_the_bytes_of_the_embedding(tmp_path: Path, precision: str) -> None:
    graph = onnx.load(
        str(half_model(tmp_path, "tied-bias-half", precision, "bf16").graph_path), load_external_data=False
    ).graph
    offsets = {
        t.name: {entry.key: entry.value for entry in t.external_data}.get("offset") for t in graph.initializer
    }
    table = {
        name: offset
        for name, offset in offsets.items()
        if name.startswith(("embed.", "scores.weight")) and not name.endswith("zero_points")
    }
    assert len(set(table.values())) == (1 if precision == "bf16" else 2) == len(table) / 2


def as_bf16(config: GlmConfig, precision: str) -> dict[str, NDArray[np.float32]]:
    weights = random_weights(config)
    for name, value in weights.items():
        table = name in ("model.embed_tokens.weight", "lm_head.weight")
        if value.ndim == 1 or precision == "bf16":
            weights[name] = rounded_to(value, "fp16" if table else "bf16")
        else:
            bits: Bits = 8 if table or precision == "int8" else 4
            weights[name] = rounded(value, bits, "fp16" if table else "bf16")
    return weights


def widen(path: Path) -> None:
    """Makes a bf16 graph one of fp32 that keeps its rounded weights: no CPU kernel computes in bf16."""
    proto = onnx.load(str(path))
    for value in (*proto.graph.input, *proto.graph.output):
        if value.type.tensor_type.elem_type == TensorProto.BFLOAT16:
            value.type.tensor_type.elem_type = TensorProto.FLOAT
    for tensor in proto.graph.initializer:
        if tensor.data_type == TensorProto.BFLOAT16:
            values = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    for node in proto.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.i == TensorProto.BFLOAT16:
                attribute.i = TensorProto.FLOAT
    path.write_bytes(proto.SerializeToString())


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("precision", FITTING["bf16"])
def test_a_bf16_graph_computes_the_formulas(tmp_path: Path, case: str, precision: str) -> None:
    model = half_model(tmp_path, case, precision, "bf16")
    widen(model.graph_path)
    config, token_ids = model.config, some_token_ids(case_config(case), 24)
    assert isinstance(config, GlmConfig)
    session = onnx_runtime.import_onnxruntime().InferenceSession(str(model.graph_path))
    feeds: dict[str, Any] = {
        "input_ids": np.array([token_ids]),
        "seqlens_k": np.array([23], np.int32),
        "total_seq": np.array([24], np.int32),
        "sel": np.arange(24),
    }
    empty = np.zeros((1, config.num_key_value_heads, 24, config.head_dim), np.float32)
    feeds |= {value.name: empty for value in session.get_inputs() if value.name.startswith("past.")}
    found = session.run(["logits"], feeds)[0][0]
    expected = NumpyGlm(config, as_bf16(config, precision)).logits(token_ids)[:, :300]
    # The rotary tables are bf16, too: 2e-3 of the queries and keys.
    assert max_difference(found, expected) <= 1e-2 * np.ptp(expected)


def test_a_bf16_graph_is_refused_on_the_cpu_before_it_is_loaded(tmp_path: Path) -> None:
    model = half_model(tmp_path, "tied-bias-half", "int4", "bf16")
    with pytest.raises(DeviceError, match="bf16") as caught:
        open_session(model, device="cpu")
    assert "--device cpu" in caught.value.remedy
    # ONNX Runtime knows all types of the graph and lacks a kernel only.
    runtime = onnx_runtime.import_onnxruntime()
    with pytest.raises(Exception, match="NOT_IMPLEMENTED"):
        runtime.InferenceSession(str(model.graph_path))


def test_a_slot_takes_half_the_memory(tmp_path: Path) -> None:
    sizes = {
        activations: slot_bytes(half_model(tmp_path / activations, "tied-bias-half", "int4", activations))  # type: ignore[arg-type]
        for activations in ("fp32", "fp16", "bf16")
    }
    assert sizes["fp16"] == sizes["bf16"] == sizes["fp32"] / 2 == 2 * 2 * 2 * 32 * 2 * 64
    folder = ModelFolder.load(tmp_path / "fp16" / "tiny")
    session: Any = open_session(folder, device="cpu", threads=1)
    assert session.new_kv().values.nbytes == sizes["fp16"]


@pytest.mark.parametrize(
    ("precision", "activations"), [("fp32", "fp16"), ("bf16", "fp16"), ("fp16", "bf16"), ("bf16", "fp32")]
)
def test_weights_of_another_width_are_refused(
    tmp_path: Path, precision: str, activations: Activations
) -> None:
    with pytest.raises(InputError, match=f"{precision} .* {activations}"):
        half_model(tmp_path, "tied-bias-half", precision, activations)


def test_models_that_read_in_both_directions_are_refused(tmp_path: Path) -> None:
    subject = chatglm_6b()
    save_file(subject.reader.tensors, tmp_path / SINGLE_FILE)
    options = GraphOptions(precision="int8", activations="fp16", capacity=32)
    with pytest.raises(ArchitectureError, match="both directions") as caught:
        write_graph(Checkpoint(tmp_path, subject.layout), tmp_path, options)
    assert "--device cpu" in caught.value.remedy

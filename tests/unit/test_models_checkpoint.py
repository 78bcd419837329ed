"""Checkpoint folders: whole ones in every stored type, and each way in which one can be wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import save_file

from glm_lsp.errors import CheckpointError
from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.checkpoint_files import stored_tensor
from glm_lsp.models.checkpoint_files.safetensors_file import SafetensorsFile
from glm_lsp.models.layouts.native import native_layout, native_tensors
from tests.tiny_model import random_weights, tiny_config

CONFIG = tiny_config()
O_WEIGHT = "model.layers.0.self_attn.o_proj.weight"


def save(folder: Path, weights: dict[str, Any]) -> Path:
    save_file(weights, folder / "model.safetensors")
    return folder


def save_shards(folder: Path, weights: dict[str, Any], **replaced: Any) -> Path:
    names = sorted(weights)
    weight_map = {}
    for number, part in enumerate((names[::2], names[1::2]), 1):
        file_name = f"model-0000{number}-of-00002.safetensors"
        save_file({name: weights[name] for name in part}, folder / file_name)
        weight_map |= dict.fromkeys(part, file_name)
    index = {"metadata": {}, "weight_map": weight_map} | replaced
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


def to_bf16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The upper halves, which is bf16 rounded towards zero."""
    return (values.view(np.uint32) >> 16).astype(np.uint16)


def save_bf16(path: Path, weights: dict[str, NDArray[np.float32]]) -> None:
    header, data, position = {}, b"", 0
    for name, values in weights.items():
        bits = to_bf16(values).tobytes()
        offsets = [position, position + len(bits)]
        header[name] = {"dtype": "BF16", "shape": list(values.shape), "data_offsets": offsets}
        data, position = data + bits, position + len(bits)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def test_fp32_comes_back_as_it_was(tmp_path: Path) -> None:
    weights = random_weights(CONFIG)
    checkpoint = Checkpoint(save(tmp_path, weights), native_layout(CONFIG))
    for name, values in weights.items():
        if not re.search(r"\.[qkv]_proj\.", name):
            np.testing.assert_array_equal(checkpoint.read(name), values)
    assert checkpoint.num_parameters == sum(values.size for values in weights.values())


def test_fp16_and_bf16_are_widened(tmp_path: Path) -> None:
    weights = random_weights(CONFIG)
    halves = {name: values.astype(np.float16) for name, values in weights.items()}
    found = Checkpoint(save(tmp_path, halves), native_layout(CONFIG)).read(O_WEIGHT)
    np.testing.assert_array_equal(found, halves[O_WEIGHT].astype(np.float32))
    save_bf16(tmp_path / "model.safetensors", weights)
    found = Checkpoint(tmp_path, native_layout(CONFIG)).read(O_WEIGHT)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(to_bf16(found), to_bf16(weights[O_WEIGHT]))
    assert np.abs(found - weights[O_WEIGHT]).max() <= np.abs(weights[O_WEIGHT]).max() / 128


def test_shards_are_found_by_their_index(tmp_path: Path) -> None:
    weights = random_weights(CONFIG)
    checkpoint = Checkpoint(save_shards(tmp_path, weights), native_layout(CONFIG))
    assert len(checkpoint.files) == 2
    np.testing.assert_array_equal(checkpoint.read(O_WEIGHT), weights[O_WEIGHT])


def test_query_key_and_value_come_packed(tmp_path: Path) -> None:
    weights = random_weights(CONFIG)
    checkpoint = Checkpoint(save(tmp_path, weights), native_layout(CONFIG))
    packed = checkpoint.read("model.layers.1.self_attn.qkv_proj.weight")
    assert packed.shape == (CONFIG.qkv_width, CONFIG.hidden_size)
    np.testing.assert_array_equal(packed[128:192], weights["model.layers.1.self_attn.k_proj.weight"])
    assert checkpoint.read("model.layers.1.self_attn.qkv_proj.bias").shape == (CONFIG.qkv_width,)


def test_glm4_without_bias_expects_other_tensors() -> None:
    names = native_tensors(tiny_config(architecture="glm4", attention_bias=False, tie_word_embeddings=False))
    assert "model.layers.0.post_mlp_layernorm.weight" in names
    assert "lm_head.weight" in names
    assert "model.layers.0.self_attn.q_proj.bias" not in names


def test_a_second_copy_of_a_tied_head_is_passed_over(tmp_path: Path) -> None:
    weights = random_weights(CONFIG)
    extra = {
        "lm_head.weight": weights["model.embed_tokens.weight"].copy(),
        "model.rotary_emb.inv_freq": np.ones(8, np.float32),
    }
    Checkpoint(save(tmp_path, weights | extra), native_layout(CONFIG))


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({O_WEIGHT: None}, f"tensor {O_WEIGHT} is missing"),
        ({O_WEIGHT: np.zeros((128, 64), np.float32)}, "has shape [128, 64], expected [64, 128]"),
        ({"model.layers.0.mlp.extra.weight": np.zeros(4, np.float32)}, "mlp.extra.weight is unknown to glm"),
        ({"model.layers.2.input_layernorm.weight": np.zeros(64, np.float32)}, "is unknown"),
    ],
)
def test_names_and_shapes_must_be_complete(tmp_path: Path, change: dict[str, Any], cause: str) -> None:
    weights = {name: value for name, value in (random_weights(CONFIG) | change).items() if value is not None}
    with pytest.raises(CheckpointError) as error:
        Checkpoint(save(tmp_path, weights), native_layout(CONFIG))
    assert cause in error.value.cause


def test_large_tensors_are_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_tensor, "PIECE_VALUES", 1000)
    weights = random_weights(CONFIG)
    checkpoint = Checkpoint(save(tmp_path, weights), native_layout(CONFIG))
    np.testing.assert_array_equal(checkpoint.read(O_WEIGHT), weights[O_WEIGHT])
    save_bf16(tmp_path / "model.safetensors", weights)
    found = Checkpoint(tmp_path, native_layout(CONFIG)).read(O_WEIGHT)
    np.testing.assert_array_equal(to_bf16(found), to_bf16(weights[O_WEIGHT]))


def test_values_must_be_finite_floats(tmp_path: Path) -> None:
    weights: dict[str, Any] = random_weights(CONFIG)
    weights[O_WEIGHT][3, 3] = np.nan
    with pytest.raises(CheckpointError, match="NaN or infinity"):
        Checkpoint(save(tmp_path, weights), native_layout(CONFIG)).read(O_WEIGHT)
    weights[O_WEIGHT] = np.zeros((64, 128), np.int8)
    with pytest.raises(CheckpointError, match="stored as I8"):
        Checkpoint(save(tmp_path, weights), native_layout(CONFIG))
    with pytest.raises(CheckpointError, match="stored as I8"):
        SafetensorsFile(tmp_path / "model.safetensors").read(O_WEIGHT)


@pytest.mark.parametrize("keep", [0, 4, 100, 2000, -1])
def test_a_truncated_file_is_noticed(tmp_path: Path, keep: int) -> None:
    path = save(tmp_path, random_weights(CONFIG)) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        Checkpoint(tmp_path, native_layout(CONFIG))


def test_a_file_that_shrinks_later_is_noticed(tmp_path: Path) -> None:
    checkpoint = Checkpoint(save(tmp_path, random_weights(CONFIG)), native_layout(CONFIG))
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(CheckpointError, match="ends inside"):
        checkpoint.read("model.norm.weight")


@given(position=st.integers(0, 400), byte=st.integers(0, 255))
@settings(max_examples=150, deadline=None)
def test_a_damaged_header_gives_no_other_error(
    tmp_path_factory: pytest.TempPathFactory, position: int, byte: int
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "model.safetensors"
    save_file({name: np.ones((4, 8), np.float32) for name in "abcd"}, path)
    text = bytearray(path.read_bytes())
    text[position % len(text)] = byte
    path.write_bytes(text)
    try:
        file = SafetensorsFile(path)
        for name in file.entries:
            file.read(name)
    except CheckpointError:
        pass


@pytest.mark.parametrize(
    "name", ["../model.safetensors", "/etc/passwd", "a/b.safetensors", "a\\b", "C:x", "..", "", 7]
)
def test_an_index_may_not_leave_the_folder(tmp_path: Path, name: object) -> None:
    save_shards(tmp_path, random_weights(CONFIG), weight_map={O_WEIGHT: name})
    with pytest.raises(CheckpointError, match=r"not a \.safetensors file of its own folder"):
        Checkpoint(tmp_path, native_layout(CONFIG))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": 3}', '{"weight_map": {"a": [1]}}'])
def test_a_broken_index_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(text, encoding="utf-8")
    with pytest.raises(CheckpointError, match="index"):
        Checkpoint(tmp_path, native_layout(CONFIG))


def test_a_tensor_in_two_files_is_refused(tmp_path: Path) -> None:
    weights = random_weights(CONFIG)
    save_shards(tmp_path, weights)
    save_file({O_WEIGHT: weights[O_WEIGHT]}, tmp_path / "extra.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    listed = json.loads(index.read_text("utf-8"))
    listed["weight_map"]["extra"] = "extra.safetensors"
    index.write_text(json.dumps(listed), encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"o_proj\.weight is in .*extra\.safetensors and in"):
        Checkpoint(tmp_path, native_layout(CONFIG))


def test_missing_shards_and_old_pickles_are_named(tmp_path: Path) -> None:
    save_shards(tmp_path, random_weights(CONFIG))
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(
        CheckpointError, match=r"model-00002-of-00002.safetensors is missing, and 1 in all of the 2"
    ) as error:
        Checkpoint(tmp_path, native_layout(CONFIG))
    assert "glm-lsp model pull" in error.value.remedy
    (tmp_path / "model.safetensors.index.json").unlink()
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"pytorch_model\.bin is not a zip file: torch before 1\.6"):
        Checkpoint(tmp_path, native_layout(CONFIG))
    (tmp_path / "pytorch_model.bin").unlink()
    with pytest.raises(
        CheckpointError, match=r"holds none of model\.safetensors, .*pytorch_model\.bin\.index\.json"
    ):
        Checkpoint(tmp_path, native_layout(CONFIG))

"""Layouts: every official folder gives our tensors, and what this program does not compute is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from glm_lsp.errors import ModelError
from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.layout import Layout
from glm_lsp.models.layouts.detect import detect_layout
from glm_lsp.models.prefix_config import PrefixLmConfig
from tests.reference.official_tensors import (
    CHATGLM_6B_VALUES,
    CHATGLM_VALUES,
    ORIGINAL_GLM_VALUES,
    chatglm_6b_tensors,
    chatglm_tensors,
    original_glm_tensors,
    renamed,
)

Weights = dict[str, NDArray[np.float32]]

ORIGINAL_IDS = {"[MASK]": 300, "[sMASK]": 302, "[gMASK]": 301, "<|startofpiece|>": 304, "<|endofpiece|>": 305}


def write(folder: Path, values: dict[str, Any], tensors: Weights | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(values), encoding="utf-8")
    if tensors is not None:
        save_file(tensors, folder / "model.safetensors")
    return folder


def refusal(folder: Path, values: dict[str, Any]) -> ModelError:
    with pytest.raises(ModelError) as error:
        detect_layout(write(folder, values))
    return error.value


def read_all(folder: Path, layout: Layout | None = None) -> Weights:
    checkpoint = Checkpoint(folder, layout or detect_layout(folder))
    return {name: checkpoint.read(name) for name in checkpoint.layout.sources}


def packed(native: Weights, name: str) -> NDArray[np.float32]:
    """One of our tensors out of those transformers would save."""
    if ".qkv_proj." not in name:
        return native[name]
    return np.concatenate([native[name.replace(".qkv_proj.", f".{part}_proj.")] for part in "qkv"])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"multi_query_attention": False},
        {"add_qkv_bias": False, "multi_query_group_num": 1},
        {"rope_ratio": 500, "layernorm_epsilon": 1.5625e-07, "_name_or_path": "THUDM/glm-4-9b-chat"},
    ],
)
def test_chatglm_is_glm_under_other_names(tmp_path: Path, changes: dict[str, Any]) -> None:
    values = CHATGLM_VALUES | changes
    tensors = chatglm_tensors(values)
    theirs, native = renamed(values, tensors)
    folder = write(tmp_path / "model", values, tensors)
    layout = detect_layout(folder)
    expected = {key: value for key, value in theirs.items() if not key.endswith("token_id")}
    expected |= {"pad_token_id": None, "eos_token_id": None}
    assert layout.config == GlmConfig.from_dict(expected)
    found = read_all(folder, layout)
    assert len(found) == (3 + (7 if values["add_qkv_bias"] else 6) * 3)
    for name, weights in found.items():
        np.testing.assert_array_equal(weights, packed(native, name), err_msg=name)


def test_rows_come_alike_in_any_blocks(tmp_path: Path) -> None:
    values = CHATGLM_VALUES | {"multi_query_attention": False}
    folder = write(tmp_path / "model", values, chatglm_tensors(values))
    checkpoint = Checkpoint(folder, detect_layout(folder))
    name = "model.layers.1.self_attn.qkv_proj.weight"
    whole = checkpoint.read(name)
    for step in (1, 7, 32, 33, 100, len(whole)):
        blocks = [
            checkpoint.rows(name, start, min(start + step, len(whole)))
            for start in range(0, len(whole), step)
        ]
        np.testing.assert_array_equal(np.concatenate(blocks), whole)


def test_chatglm_6b_is_put_in_order(tmp_path: Path) -> None:
    tensors = chatglm_6b_tensors()
    tensors["transformer.layers.3.attention.rotary_emb.inv_freq"] = np.ones(4, np.float32)
    folder = write(tmp_path, CHATGLM_6B_VALUES, tensors)
    layout = detect_layout(folder)
    assert layout.config == PrefixLmConfig(
        architecture="chatglm-6b",
        vocab_size=320,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=28,
        num_attention_heads=4,
        max_position_embeddings=128,
        mask_token_ids=(300, 301),
        start_token_id=304,
        layer_norm_eps=1e-5,
        residual_scale=56**0.5,
        rounds_frequencies=True,
        eos_token_ids=(305,),
        pad_token_id=3,
    )
    found = read_all(folder, layout)
    assert len(found) == 4 + 12 * 28
    for kind in ("weight", "bias"):
        fused = tensors[f"transformer.layers.5.attention.query_key_value.{kind}"]
        each = fused.reshape(4, 3, 16, *fused.shape[1:])
        expected = np.concatenate([each[:, part].reshape(64, *fused.shape[1:]) for part in range(3)])
        np.testing.assert_array_equal(found[f"model.layers.5.self_attn.qkv_proj.{kind}"], expected)
    for ours, theirs in (
        ("model.embed_tokens.weight", "transformer.word_embeddings.weight"),
        ("model.layers.5.self_attn.o_proj.bias", "transformer.layers.5.attention.dense.bias"),
        ("model.layers.5.mlp.up_proj.weight", "transformer.layers.5.mlp.dense_h_to_4h.weight"),
        ("model.layers.5.mlp.down_proj.weight", "transformer.layers.5.mlp.dense_4h_to_h.weight"),
        (
            "model.layers.5.post_attention_layernorm.bias",
            "transformer.layers.5.post_attention_layernorm.bias",
        ),
        ("model.norm.bias", "transformer.final_layernorm.bias"),
        ("lm_head.weight", "lm_head.weight"),
    ):
        np.testing.assert_array_equal(found[ours], tensors[theirs], err_msg=ours)


def test_the_first_release_of_chatglm_6b_has_other_ids(tmp_path: Path) -> None:
    values = CHATGLM_6B_VALUES | {"vocab_size": 150528, "bos_token_id": 150004, "eos_token_id": 150005}
    values = {key: value for key, value in values.items() if not key.endswith("mask_token_id")}
    config = detect_layout(write(tmp_path, values)).config
    assert isinstance(config, PrefixLmConfig)
    assert (config.mask_token_ids, config.start_token_id, config.eos_token_ids) == (
        (150000, 150001),
        150004,
        (150005,),
    )


@pytest.mark.parametrize("prefix", ["glm.", ""])
def test_the_original_glm_keeps_its_rows(tmp_path: Path, prefix: str) -> None:
    tensors = original_glm_tensors(prefix=prefix)
    folder = write(tmp_path, ORIGINAL_GLM_VALUES, tensors)
    (folder / "added_tokens.json").write_text(json.dumps(ORIGINAL_IDS), encoding="utf-8")
    layout = detect_layout(folder)
    assert isinstance(layout.config, PrefixLmConfig)
    assert (layout.config.mask_token_ids, layout.config.start_token_id) == ((300, 302, 301), 304)
    assert (layout.config.eos_token_ids, layout.config.tie_word_embeddings) == ((305,), True)
    assert (layout.config.residual_scale, layout.config.layer_norm_eps) == (1.0, 1e-5)
    found = read_all(folder, layout)
    assert len(found) == 5 + 12 * 4
    for ours, theirs in (
        ("model.embed_tokens.weight", "word_embeddings.weight"),
        ("model.position_embeddings.weight", "transformer.position_embeddings.weight"),
        ("model.block_position_embeddings.weight", "transformer.block_position_embeddings.weight"),
        ("model.layers.2.self_attn.qkv_proj.weight", "transformer.layers.2.attention.query_key_value.weight"),
        ("model.layers.2.mlp.up_proj.bias", "transformer.layers.2.mlp.dense_h_to_4h.bias"),
        ("model.norm.weight", "transformer.final_layernorm.weight"),
    ):
        np.testing.assert_array_equal(found[ours], tensors[prefix + theirs], err_msg=ours)


@pytest.mark.parametrize(
    ("vocab_size", "masks", "start"),
    [(50304, (50260, 50264, 50263), 50257), (50048, (50003, 50008, 50009), 50006)],
)
def test_published_original_glms_have_known_ids(
    tmp_path: Path, vocab_size: int, masks: tuple[int, ...], start: int
) -> None:
    folder = write(tmp_path, ORIGINAL_GLM_VALUES | {"vocab_size": vocab_size}, original_glm_tensors())
    config = detect_layout(folder).config
    assert isinstance(config, PrefixLmConfig)
    assert (config.mask_token_ids, config.start_token_id) == (masks, start)

"""Layouts: every official folder gives our tensors, and what this program does not compute is refused by name."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from glm_lsp.errors import ArchitectureError, CheckpointError, ModelError
from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.formulas import BlankTokens, formula_for
from glm_lsp.models.formulas.glm import GlmFormula
from glm_lsp.models.layout import Layout
from glm_lsp.models.layouts.detect import RopeRule, detect_layout, family_of
from glm_lsp.models.layouts.names import repository_name
from glm_lsp.models.prefix_config import UNKNOWN_MASKS, PrefixLmConfig
from glm_lsp.models.tokenizers import convert_tokenizer
from tests.official.checkpoints import FAMILIES, write_official_checkpoint, write_official_folder
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
        mask_token_ids=UNKNOWN_MASKS,
        start_token_id=UNKNOWN_MASKS[0],
        layer_norm_eps=1e-5,
        residual_scale=56**0.5,
        rounds_frequencies=True,
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


@pytest.mark.parametrize("prefix", ["glm.", ""])
def test_the_original_glm_keeps_its_rows(tmp_path: Path, prefix: str) -> None:
    tensors = original_glm_tensors(prefix=prefix)
    folder = write(tmp_path, ORIGINAL_GLM_VALUES, tensors)
    layout = detect_layout(folder)
    assert isinstance(layout.config, PrefixLmConfig)
    assert layout.config.tie_word_embeddings
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


CHATGLM2_32K = {"rope_ratio": 50, "padded_vocab_size": 65024}
BASE = "        base = base * self.rope_ratio\n"
DIVIDED = "        position_ids = position_ids / self.rope_ratio\n"


@pytest.mark.parametrize(
    ("folder", "changes", "code", "rule", "expected"),
    [
        ("chatglm2-6b-32k", CHATGLM2_32K, "", "auto", (1e4, 50.0)),
        ("THUDM--chatglm2-6b-32k@0123456789ab", CHATGLM2_32K, "", "auto", (1e4, 50.0)),
        ("mine", CHATGLM2_32K | {"_name_or_path": "THUDM/chatglm2-6b-32k"}, "", "auto", (1e4, 50.0)),
        ("mine", CHATGLM2_32K, DIVIDED, "auto", (1e4, 50.0)),
        ("mine", CHATGLM2_32K, BASE, "auto", (5e5, 1.0)),
        ("mine", CHATGLM2_32K, "", "interpolate", (1e4, 50.0)),
        ("mine", CHATGLM2_32K, DIVIDED, "base", (5e5, 1.0)),
        ("chatglm3-6b-128k", CHATGLM2_32K | {"rope_ratio": 500}, "", "auto", (5e6, 1.0)),
        ("mine", {"rope_ratio": 500, "padded_vocab_size": 151552}, "", "auto", (5e6, 1.0)),
        ("glm-4-9b-chat-1m", {"rope_ratio": 10000}, "", "auto", (1e8, 1.0)),
        ("mine", {"rope_ratio": 1}, "", "auto", (1e4, 1.0)),
        ("mine", {"rope_ratio": None}, "", "auto", (1e4, 1.0)),
    ],
)
def test_rope_ratio_means_what_name_or_code_say(
    *,
    tmp_path: Path,
    folder: str,
    changes: dict[str, Any],
    code: str,
    rule: RopeRule,
    expected: tuple[float, float],
) -> None:
    path = write(tmp_path / folder, CHATGLM_VALUES | changes)
    (path / "modeling_chatglm.py").write_text(f"raise SystemExit('never run')\n{code}", encoding="utf-8")
    config = detect_layout(path, rope_rule=rule).config
    assert isinstance(config, GlmConfig)
    assert (config.rope_theta, config.rope_factor) == expected


@pytest.mark.parametrize(
    ("folder", "changes", "code", "cause"),
    [
        ("mine", CHATGLM2_32K, "", "neither its name nor its code says which"),
        ("mine", CHATGLM2_32K, "self.rope_ratio = config.rope_ratio", "neither"),
        ("chatglm2-6b", CHATGLM2_32K, "", "neither"),
        ("chatglm2-6b-32k", CHATGLM2_32K, BASE, "contradict each other"),
        ("chatglm3-6b", CHATGLM2_32K | {"_name_or_path": "THUDM/chatglm2-6b-32k"}, "", "contradict"),
        ("chatglm2-6b-32k", {"rope_ratio": 50, "padded_vocab_size": 151552}, "", "contradict"),
    ],
)
def test_an_ambiguous_rope_ratio_asks_for_the_rule(
    tmp_path: Path, folder: str, changes: dict[str, Any], code: str, cause: str
) -> None:
    path = tmp_path / folder
    path.mkdir()
    (path / "modeling_chatglm.py").write_text(code, encoding="utf-8")
    error = refusal(path, CHATGLM_VALUES | changes)
    assert isinstance(error, ArchitectureError)
    assert cause in error.cause
    assert "--rope-rule interpolate" in error.remedy
    assert "--rope-rule base" in error.remedy


@pytest.mark.parametrize(
    ("values", "cause", "remedy"),
    [
        ({"rmsnorm": False}, "rmsnorm is false: its norms", "docs/models.md"),
        ({"post_layer_norm": False}, "post_layer_norm is false", "docs/models.md"),
        ({"original_rope": False}, "original_rope is false: it rotates halves", "docs/models.md"),
        ({"add_bias_linear": True}, "add_bias_linear is true", "docs/models.md"),
        (
            {"apply_residual_connection_post_layernorm": True},
            "apply_residual_connection_post_layernorm is true",
            "docs/models.md",
        ),
        ({"interleaved_qkv": True}, "interleaved_qkv is true", "docs/models.md"),
        ({"tie_word_embeddings": True}, "tie_word_embeddings is true", "docs/models.md"),
        ({"pre_seq_len": 128}, "pre_seq_len is 128: it is a tuned prefix", "without its prefix"),
        ({"quantization_bit": 4}, "quantization_bit is 4: the checkpoint is quantised", "--precision int4"),
        ({"quantization_config": {"bits": 4}}, "quantised already", "--precision int4"),
        ({"rotary_percent": 1.0}, "rotary_percent is 1.0", "docs/models.md"),
        ({"rope_scaling": {"type": "yarn"}}, "'rope_scaling' is {'type': 'yarn'}", "docs/models.md"),
        ({"use_alibi": True}, "'use_alibi' is True: this program does not know that key", "docs/models.md"),
        ({"rope_ratio": 0}, "rope_ratio is 0, not a positive float", "docs/models.md"),
        ({"seq_length": 0}, "seq_length is 0", "docs/models.md"),
        ({"seq_length": [8192]}, "seq_length is [8192]", "docs/models.md"),
        ({"num_layers": None}, "num_layers is None", "docs/models.md"),
        ({"num_layers": 10**9}, "not a positive int up to 128", "docs/models.md"),
        ({"multi_query_group_num": 3}, "not a multiple", "docs/models.md"),
        ({"multi_query_attention": "yes"}, "multi_query_attention is 'yes'", "docs/models.md"),
        ({"kv_channels": 24}, "head_dim 24", "docs/models.md"),
        ({"seq_length": 8}, "a context of 8 tokens is too short", "docs/models.md"),
        ({"eos_token_id": 10**6}, "[1000000] are outside the vocabulary", "docs/models.md"),
        ({"rope_interleave": False}, "'rope_interleave' is False", "docs/models.md"),
        ({"eos_token_id": "</s>"}, "eos_token_id is '</s>'", "docs/models.md"),
    ],
)
def test_chatglm_configs_that_mean_something_else(
    tmp_path: Path, values: dict[str, Any], cause: str, remedy: str
) -> None:
    error = refusal(tmp_path, CHATGLM_VALUES | values)
    assert isinstance(error, ArchitectureError)
    assert cause in error.cause
    assert remedy in error.remedy


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        (CHATGLM_6B_VALUES | {"position_encoding_2d": False}, "position_encoding_2d is false"),
        (CHATGLM_6B_VALUES | {"quantization_bit": 8}, "quantised already"),
        (CHATGLM_6B_VALUES | {"pre_seq_len": 64}, "tuned prefix"),
        (CHATGLM_6B_VALUES | {"layernorm_epsilon": "1e-5"}, "layernorm_epsilon is '1e-5'"),
        (CHATGLM_6B_VALUES | {"pad_token_id": 4000}, "outside the vocabulary"),
        (CHATGLM_6B_VALUES | {"max_sequence_length": 31}, "context of 31 tokens is too short"),
        (CHATGLM_6B_VALUES | {"is_causal": True}, "'is_causal' is True"),
        (CHATGLM_6B_VALUES | {"num_attention_heads": 7}, "not a multiple"),
        (ORIGINAL_GLM_VALUES | {"relative_encoding": True}, "relative"),
        (ORIGINAL_GLM_VALUES | {"block_position_encoding": False}, "only one kind"),
        (ORIGINAL_GLM_VALUES | {"attention_scale": 8.0}, "attention_scale is 8.0"),
        (ORIGINAL_GLM_VALUES | {"spell_length": 16}, "spell_length is 16"),
        (ORIGINAL_GLM_VALUES | {"use_rotary_embedding": True}, "'use_rotary_embedding' is True"),
    ],
)
def test_older_configs_that_mean_something_else(tmp_path: Path, values: dict[str, Any], cause: str) -> None:
    if values["model_type"] == "glm":
        save_file(original_glm_tensors(), tmp_path / "model.safetensors")
    error = refusal(tmp_path, values)
    assert isinstance(error, ArchitectureError)
    assert cause in error.cause


@pytest.mark.parametrize(
    ("model_type", "cause", "remedy"),
    [
        ("glm4_moe", "mixture of experts", "engineUrl"),
        ("glm4_moe_lite", "mixture of experts", "vLLM or SGLang"),
        ("glm_moe_dsa", "mixture of experts", "engineUrl"),
        ("glm4v", "looks at pictures", "docs/models.md"),
        ("glm4v_moe", "looks at pictures", "docs/models.md"),
        ("glm_ocr", "looks at pictures", "docs/models.md"),
        ("codegeex", "CodeGeeX-13B", "CodeGeeX4"),
        ("glm130b", "GLM-130B", "docs/models.md"),
        ("llama", "model_type 'llama' is not a GLM", "docs/models.md"),
        ("", "model_type '' is not a GLM", "docs/models.md"),
        (7, "model_type '7' is not a GLM", "docs/models.md"),
        ([], "model_type '[]' is not a GLM", "docs/models.md"),
        (None, "does not say what its model_type is", "every published one has a model_type"),
    ],
)
def test_other_models_are_refused_by_name(
    tmp_path: Path, model_type: object, cause: str, remedy: str
) -> None:
    error = refusal(tmp_path, {"model_type": model_type, "hidden_size": 64})
    assert isinstance(error, ArchitectureError)
    assert cause in f"{error.cause} {error.remedy}"
    assert remedy in f"{error.cause} {error.remedy}"


def test_a_folder_of_a_training_framework_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mp_rank_00").mkdir()
    (tmp_path / "mp_rank_00" / "model_states.pt").write_bytes(b"")
    with pytest.raises(
        ArchitectureError, match=r"\.pt files and no config.json, as CodeGeeX-13B and GLM-130B"
    ):
        detect_layout(tmp_path)
    with pytest.raises(CheckpointError, match=r"config\.json cannot be read") as error:
        detect_layout(tmp_path / "nowhere")
    assert error.value.remedy.startswith("Give the folder that holds a model's config.json")


@pytest.mark.parametrize(
    ("extra", "cause"),
    [
        ("transformer.encoder.layers.0.mlp.dense_h_to_4h.weight_scale", "weight_scale: it is a quantised"),
        ("transformer.prefix_encoder.embedding.weight", "it is a prefix for another model"),
        ("transformer.encoder.layers.0.mlp.dense_h_to_4h.bias", "is unknown to chatglm"),
        ("transformer.encoder.layers.3.input_layernorm.weight", "is unknown to chatglm"),
    ],
)
def test_tensors_that_mean_something_else(tmp_path: Path, extra: str, cause: str) -> None:
    tensors = chatglm_tensors(CHATGLM_VALUES) | {extra: np.ones(4, np.float32)}
    folder = write(tmp_path, CHATGLM_VALUES, tensors)
    with pytest.raises(ModelError) as error:
        Checkpoint(folder, detect_layout(folder))
    assert cause in error.value.cause


def test_of_a_vision_model_the_text_is_taken(tmp_path: Path) -> None:
    values = CHATGLM_VALUES | {"vision_config": {"hidden_size": 8, "dropout_prob": 0.0}, "boi_token_id": 3}
    tensors = chatglm_tensors(values)
    extra = {
        "transformer.vision.transformer.layers.0.attention.dense.weight": np.ones((2, 2), np.float32),
        "transformer.rotary_pos_emb.inv_freq": np.ones(8, np.float32),
    }
    folder = write(tmp_path, values, tensors | extra)
    assert read_all(folder).keys() == read_all(write(tmp_path / "text", CHATGLM_VALUES, tensors)).keys()


def test_remote_code_configs_may_name_what_is_computed(tmp_path: Path) -> None:
    said = {
        "hidden_act": "silu",
        "is_causal": True,
        "layer_types": ["full_attention"] * 3,
        "logit_scale": 1.0,
    }
    assert detect_layout(write(tmp_path / "a", CHATGLM_VALUES | said)) == detect_layout(
        write(tmp_path / "b", CHATGLM_VALUES)
    )
    assert "hidden_act" in refusal(tmp_path / "c", CHATGLM_VALUES | {"hidden_act": "gelu"}).cause


def test_what_is_absent_or_of_two_kinds_is_read(tmp_path: Path) -> None:
    values = CHATGLM_VALUES | {"eos_token_id": [5, 6], "pad_token_id": 5}
    config = detect_layout(write(tmp_path / "a", values)).config
    assert (config.eos_token_ids, config.pad_token_id) == ((5, 6), 5)
    values = {key: value for key, value in values.items() if key not in ("pad_token_id", "seq_length")}
    config = detect_layout(write(tmp_path / "b", values | {"eos_token_id": 2})).config
    assert (config.eos_token_ids, config.pad_token_id, config.max_position_embeddings) == ((2,), None, 2048)


@pytest.mark.parametrize(
    ("family", "key"),
    [
        *(
            ("glm-edge", key)
            for key in (
                "attention_bias",
                "head_dim",
                "hidden_size",
                "num_attention_heads",
                "num_key_value_heads",
                "partial_rotary_factor",
                "rms_norm_eps",
                "rope_scaling",
                "rope_theta",
                "tie_word_embeddings",
            )
        ),
        *(
            ("glm-4", key)
            for key in (
                "add_qkv_bias",
                "kv_channels",
                "layernorm_epsilon",
                "multi_query_attention",
                "multi_query_group_num",
                "original_rope",
                "rope_ratio",
                "rotary_percent",
            )
        ),
        *(
            ("chatglm-6b", key)
            for key in ("layernorm_epsilon", "position_encoding_2d", "tie_word_embeddings")
        ),
        *(
            ("glm-original", key)
            for key in (
                "attention_scale",
                "block_position_encoding",
                "layernorm_epsilon",
                "relative_encoding",
            )
        ),
    ],
)
@pytest.mark.parametrize("absent", [True, False])
def test_null_means_the_same_to_layouts_and_formulas(
    tmp_path: Path, family: str, key: str, absent: bool
) -> None:
    made = write_official_checkpoint(tmp_path / "x", family, vocab_size=320)
    values = {name: value for name, value in made.values.items() if name != key} | (
        {} if absent else {key: None}
    )
    if family == "glm-original":
        values["architectures"] = ["GLMForConditionalGeneration"]
    (made.folder / "config.json").write_text(json.dumps(values), encoding="utf-8")
    config = detect_layout(made.folder).config
    if isinstance(config, PrefixLmConfig):
        formula = formula_for(values, tokens=BlankTokens((300,), 304))
        assert formula.epsilon == config.layer_norm_eps  # type: ignore[attr-defined]
        return
    formula: Any = formula_for(values)
    assert formula.head_dim == config.head_dim
    assert formula.epsilon == config.rms_norm_eps
    assert formula.rotary_dim == config.rotary_dim
    if isinstance(formula, GlmFormula):
        groups, tied = formula.num_groups, formula.is_tied
        assert (formula.theta, formula.has_bias) == (config.rope_theta, config.attention_bias)
    else:
        groups, tied = formula.groups or formula.num_heads, False
        assert (formula.base, formula.has_qkv_bias) == (config.rope_theta, config.attention_bias)
    assert (groups, tied) == (config.num_key_value_heads, config.tie_word_embeddings)


@pytest.mark.parametrize("family", ["glm-4-hf", "chatglm-6b"])
def test_a_tied_head_must_be_the_embedding(tmp_path: Path, family: str) -> None:
    made = write_official_checkpoint(tmp_path / "x", family, vocab_size=320, tie_word_embeddings=True)
    embedding = {"glm-4-hf": "model.embed_tokens.weight", "chatglm-6b": "transformer.word_embeddings.weight"}[
        family
    ]
    read: list[int] = []
    for path in made.folder.glob("*.*"):
        if path.name != "config.json":
            path.unlink()
    for head, error in (
        (made.weights[embedding], None),
        (made.weights[embedding] + 0.5, "differs from"),
        (None, None),
    ):
        tensors = {name: values for name, values in made.weights.items() if name != "lm_head.weight"}
        if head is not None:
            tensors["lm_head.weight"] = head
        save_file(tensors, made.folder / "model.safetensors")
        checkpoint = Checkpoint(made.folder, detect_layout(made.folder))
        with pytest.raises(ArchitectureError, match=error) if error else nullcontext():
            checkpoint.verify(read.append)


@pytest.mark.parametrize("family", FAMILIES)
def test_published_folders_tell_their_family(tmp_path: Path, family: str) -> None:
    made = write_official_checkpoint(tmp_path / "x", family)
    layout = detect_layout(made.folder)
    assert family_of(made.folder, layout, made.values) == family
    checkpoint = Checkpoint(made.folder, layout)
    used = {span.name for spans in layout.sources.values() for span in spans}
    assert used == layout.tensors.keys()
    assert {name for name in made.weights if not name.endswith("inv_freq")} == used
    for name, spans in layout.sources.items():
        expected = np.concatenate([made.weights[span.name][span.start : span.stop] for span in spans])
        np.testing.assert_array_equal(checkpoint.read(name), expected, err_msg=name)


@pytest.mark.parametrize(
    ("family", "folder", "name", "heading", "expected"),
    [
        ("chatglm3", "x", None, "", None),
        ("glm-4", "x", "/data/output/step-100", "", None),
        ("glm-4", "x", None, "<p>\n\n# CodeGeeX4: Open Multilingual Code Generation Model\n", "codegeex4"),
        ("chatglm3", "x", None, "---\nlicence: other\n---\n# ChatGLM3-6B\n\n# ChatGLM2-6B", "chatglm3"),
        ("glm-4", "codegeex4-all-9b", "THUDM/glm-4-9b", "", "codegeex4"),
        ("glm-4", "glm-4-9b", "THUDM/codegeex4-all-9b", "", None),
        ("chatglm2", "THUDM--chatglm3-6b@0123456789ab", "THUDM/chatglm2-6b", "# ChatGLM3-6B", None),
        ("chatglm2", "chatglm2-copy", "THUDM/chatglm3-6b", "", None),
        ("chatglm2", "THUDM--chatglm3-6b@0123456789ab", "THUDM/chatglm3-6b-base", "", "chatglm3"),
        ("chatglm2", "THUDM--chatglm3-6b@0123456789ab", "/data/output", "# ChatGLM2-6B", "chatglm3"),
        ("chatglm2", "models--THUDM--codegeex2-6b/snapshots/0123456789abcdef", None, "", "codegeex2"),
        ("glm-4-hf", "x", None, "", None),
        ("glm-edge", "GLM-Edge-4B-Chat", None, "", "glm-edge"),
        ("chatglm-6b", "x", None, "# ChatGLM3-6B", "chatglm-6b"),
        ("glm-4-0414", "x", None, "", "glm-4-0414"),
    ],
)
def test_names_tell_what_a_config_does_not(
    *, tmp_path: Path, family: str, folder: str, name: str | None, heading: str, expected: str | None
) -> None:
    plain = {"rope_ratio": 1} if family == "glm-4" else {}
    made = write_official_checkpoint(tmp_path / folder, family, _name_or_path=name, **plain)
    (made.folder / "README.md").write_text(heading, encoding="utf-8")
    assert family_of(made.folder, detect_layout(made.folder), made.values) == expected


def test_a_chatglm2_that_divides_positions_is_the_32k_one(tmp_path: Path) -> None:
    made = write_official_checkpoint(tmp_path / "chatglm2-mine", "chatglm2", rope_ratio=8)
    layout = detect_layout(made.folder, rope_rule="interpolate")
    assert family_of(made.folder, layout, made.values) == "chatglm2-32k"
    layout = detect_layout(made.folder, rope_rule="base")
    assert family_of(made.folder, layout, made.values) == "chatglm2"


def test_vocabularies_tell_the_native_ones(tmp_path: Path) -> None:
    for vocab_size, expected in ((59264, "glm-edge"), (151552, "glm-4-hf"), (32000, None)):
        values = {"model_type": "glm", "vocab_size": vocab_size, "eos_token_id": 5, "pad_token_id": 6}
        folder = write(tmp_path / str(vocab_size), values)
        assert family_of(folder, detect_layout(folder), values) == expected


@pytest.mark.parametrize(
    ("family", "ends"),
    [
        ("glm-4", ("<|endoftext|>", "<|user|>", "<|observation|>")),
        ("glm-edge", ("<|endoftext|>", "<|user|>", "<|observation|>")),
        ("starter", ("<|endoftext|>",)),
        ("chatglm2", ("</s>",)),
    ],
)
@pytest.mark.parametrize("vocab_size", [320, 512])
def test_ids_of_the_config_are_the_tokenizers(
    tmp_path: Path, family: str, ends: tuple[str, ...], vocab_size: int
) -> None:
    made = write_official_folder(tmp_path, family, vocab_size=vocab_size)
    config = detect_layout(made.folder).config
    tokenizer = Tokenizer.from_str(convert_tokenizer(made.folder, family, vocab_size=vocab_size).json)
    assert config.eos_token_ids == tuple(tokenizer.token_to_id(name) for name in ends)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("codegeex4-all-9b", "codegeex4-all-9b"),
        ("hub/models--THUDM--codegeex4-all-9b/snapshots/8c4ec1d2f2888412640825a7aa23355939a8f4c6", "codegeex4-all-9b"),
        ("checkpoints/THUDM--chatglm3-6b@8c4ec1d2f288", "chatglm3-6b"),
        ("glm/main", "glm"),
        ("my model 模型", "my model 模型"),
    ],
)  # fmt: skip
def test_a_folder_is_called_as_its_repository(tmp_path: Path, path: str, name: str) -> None:
    folder = tmp_path / path
    folder.mkdir(parents=True)
    assert repository_name(folder) == name


def test_copies_of_the_original_glm_may_name_what_they_have_in_common(tmp_path: Path) -> None:
    named = {"layernorm_epsilon": 1e-4, "use_scaled_init_for_output_weights": True}
    write_official_checkpoint(tmp_path, "glm-original", **named)
    config = detect_layout(tmp_path).config
    assert isinstance(config, PrefixLmConfig)
    assert config.layer_norm_eps == 1e-4

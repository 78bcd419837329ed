"""`GlmConfig`: both layouts of config.json, the defaults, and every refusal by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from glm_lsp.errors import ArchitectureError, CheckpointError
from glm_lsp.models.config import GlmConfig
from tests.tiny_model import tiny_config

GLM_EDGE = {
    "architectures": ["GlmForCausalLM"],
    "model_type": "glm",
    "hidden_size": 2048,
    "num_attention_heads": 16,
    "num_key_value_heads": 4,
    "head_dim": 128,
    "intermediate_size": 6144,
    "vocab_size": 59264,
    "num_hidden_layers": 28,
    "rms_norm_eps": 1e-05,
    "attention_bias": False,
    "tie_word_embeddings": True,
    "max_position_embeddings": 8192,
    "eos_token_id": [59246, 59253, 59255],
    "pad_token_id": 59246,
}


def test_both_layouts_give_the_same() -> None:
    v4 = GLM_EDGE | {"rope_theta": 5e5, "partial_rotary_factor": 1.0}
    v5 = GLM_EDGE | {
        "rope_parameters": {"rope_type": "default", "rope_theta": 5e5, "partial_rotary_factor": 1.0}
    }
    config = GlmConfig.from_dict(v4)
    assert config == GlmConfig.from_dict(v5)
    assert (config.rope_theta, config.rotary_dim, config.rope_factor) == (5e5, 128, 1.0)
    assert config.eos_token_ids == (59246, 59253, 59255)


@pytest.mark.parametrize(
    "linear",
    [
        {"rope_scaling": {"type": "linear", "factor": 50}},
        {"rope_scaling": {"rope_type": "linear", "factor": 50.0}},
        {"rope_parameters": {"rope_type": "linear", "factor": 50.0, "rope_theta": 1e4}},
    ],
)
def test_linear_scaling_divides_positions(linear: dict[str, Any]) -> None:
    assert GlmConfig.from_dict(GLM_EDGE | linear).rope_factor == 50.0


@pytest.mark.parametrize("model_type", ["glm", "glm4"])
def test_absent_keys_take_the_class_defaults(model_type: str) -> None:
    config = GlmConfig.from_dict({"model_type": model_type})
    assert config.architecture == model_type
    assert (config.rms_norm_eps, config.rope_theta, config.partial_rotary_factor) == (1.5625e-07, 1e4, 0.5)
    assert (config.head_dim, config.num_key_value_heads, config.attention_bias) == (128, 2, True)
    assert config.qkv_width == 4608


def test_explicit_nulls_mean_what_transformers_makes_of_them() -> None:
    config = GlmConfig.from_dict(GLM_EDGE | {"num_key_value_heads": None, "head_dim": None})
    assert (config.num_key_value_heads, config.head_dim) == (16, 128)
    assert GlmConfig.from_dict(GLM_EDGE | {"eos_token_id": None}).eos_token_ids == ()
    assert GlmConfig.from_dict(GLM_EDGE | {"eos_token_id": 5}).eos_token_ids == (5,)


@pytest.mark.parametrize("changes", [{}, {"architecture": "glm4", "rope_factor": 8.0, "pad_token_id": None}])
def test_to_dict_reads_back(changes: dict[str, Any]) -> None:
    config = tiny_config(**changes)
    assert GlmConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        (
            {"model_type": "chatglm", "architectures": ["ChatGLMModel"]},
            "model_type 'chatglm' is not one of glm, glm4",
        ),
        ({"eos_token_id": [151329]}, "[151329] are outside"),
        ({"model_type": ["glm"]}, "model_type ['glm'] is not one of glm, glm4"),
        ({"architectures": "GlmForCausalLM"}, "not a list of names"),
        ({"architectures": [["GlmForCausalLM"]]}, "not a list of names"),
        ({"rope_scaling": ["linear"]}, "not an object"),
        ({"rope_scaling": {"rope_type": ["linear"]}}, "rope type ['linear']"),
        ({"rms_norm_eps": 10**400}, "rms_norm_eps is 1"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers is 1000000000, not a positive int up to 128"),
        ({"num_attention_heads": 4096}, "not a positive int up to 256"),
        ({"pad_token_id": "<pad>"}, "pad_token_id is '<pad>', not a token id"),
        ({"eos_token_id": [-1]}, "eos_token_id is [-1]"),
        ({"use_qk_norm": True}, "'use_qk_norm' is True: this program does not know that key"),
        ({"sliding_window": 4096}, "'sliding_window' is 4096"),
        ({"model_type": None, "architectures": None}, "model_type None"),
        ({"architectures": ["Glm4ForCausalLM"]}, "not GlmForCausalLM"),
        ({"hidden_act": "gelu"}, "hidden_act 'gelu'"),
        ({"quantization_config": {"bits": 4}}, "quantised already"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 2}}, "rope type 'yarn'"),
        ({"rope_parameters": {"rope_type": "dynamic"}}, "rope type 'dynamic'"),
        ({"rope_parameters": [1]}, "not an object"),
        ({"rope_scaling": {"type": "linear"}}, "rope_factor is None"),
        ({"head_dim": 72}, "head_dim 72"),
        ({"head_dim": 16, "partial_rotary_factor": 0.5}, "rotates 8 dimensions"),
        ({"partial_rotary_factor": 1.5}, "rotates 192 dimensions"),
        ({"num_key_value_heads": 3}, "not a multiple of num_key_value_heads 3"),
        ({"hidden_size": "big"}, "hidden_size is 'big'"),
        ({"num_hidden_layers": 0}, "num_hidden_layers is 0"),
        ({"vocab_size": True}, "vocab_size is True"),
        ({"vocab_size": 10.5}, "vocab_size is 10.5"),
        ({"attention_bias": "yes"}, "attention_bias is 'yes'"),
        ({"eos_token_id": ["</s>"]}, "eos_token_id"),
        ({"eos_token_id": 10**6}, "[1000000] are outside the vocabulary of 59264"),
        ({"pad_token_id": 59264}, "[59264] are outside the vocabulary of 59264"),
        ({"max_position_embeddings": 31}, "a context of 31 tokens is too short"),
        ({"model_type": None}, "model_type None"),
        ({"rope_parameters": {"full_attention": {"rope_type": "default"}}}, "key 'full_attention'"),
        ({"rope_parameters": {"rope_type": "default", "mscale": 1.0}}, "key 'mscale'"),
        ({"rope_scaling": {"type": "linear", "factor": 2, "low_freq_factor": 1}}, "key 'low_freq_factor'"),
        ({"rope_scaling": {"factor": 4}}, "factor of 4.0, but not the rope type linear"),
        ({"rope_scaling": {"type": None, "factor": 4}}, "factor of 4.0"),
        ({"rope_scaling": {"type": "linear", "rope_type": "default", "factor": 4}}, "rope type"),
        (
            {"rope_scaling": {"type": "linear", "factor": 4}, "rope_parameters": {"rope_type": "default"}},
            "rope_factor is 4.0 in one place and 1.0 in rope_parameters",
        ),
        ({"rope_theta": 1e6, "rope_parameters": {"rope_theta": 1e4}}, "rope_theta is 1000000.0 in one place"),
    ],
)
def test_what_cannot_be_run_is_refused_by_name(changes: dict[str, Any], cause: str) -> None:
    with pytest.raises(ArchitectureError) as error:
        GlmConfig.from_dict(GLM_EDGE | changes)
    assert cause in error.value.cause


@pytest.mark.parametrize(
    ("key", "wrong", "harmless"),
    [
        ("rope_interleave", (False, 0, "half"), (True,)),
        ("rotary_interleaved", (False,), (True,)),
        ("use_rotary_embedding", (False,), (True,)),
        ("norm_first", (False,), (True,)),
        ("is_causal", (False, 1), (True,)),
        ("partial_rope", (True, False), ()),
        ("attention_scale", (0, 0.5), (1.0, False)),
        ("query_pre_attn_scalar", (0, 256), (1,)),
        ("logits_scaling", (0, 2.0), (1.0,)),
        ("logits_temperature", (0, 0.7), (1,)),
        ("embedding_multiplier", (12.0,), (1.0,)),
        ("scale_embedding", (True,), (False,)),
        ("scale_attn_weights", (False,), (True,)),
        (
            "layer_types",
            (["sliding_attention"], ["full_attention", "chunked"], "x"),
            (["full_attention"] * 28,),
        ),
        ("sliding_window", (4096,), (False,)),
        ("act_fn", ("gelu",), ("silu",)),
        ("layer_eps", (1e-3,), (0,)),
        ("theta2", (5e6,), ()),
        ("mlp_type", ("relu2",), ("swiglu",)),
        ("mask_type", ("bidirectional",), ("causal",)),
        ("parallel_block", (True,), (False,)),
        ("clip_qkv", (8.0,), (0,)),
        ("bidirectional", (True,), (False,)),
        ("pruned_heads", ({"0": [1]},), ({},)),
        ("compression_config", ({"format": "int-quantized"},), ({},)),
        ("is_encoder_decoder", (True,), (False,)),
    ],
)
def test_keys_may_only_say_what_is_computed(
    key: str, wrong: tuple[object, ...], harmless: tuple[object, ...]
) -> None:
    for value in wrong:
        with pytest.raises(ArchitectureError, match=key):
            GlmConfig.from_dict(GLM_EDGE | {key: value})
    for value in (*harmless, None, "", [], {}):
        assert GlmConfig.from_dict(GLM_EDGE | {key: value}) == GlmConfig.from_dict(GLM_EDGE)


def test_what_a_sampler_is_told_says_nothing_of_the_model() -> None:
    asked = {
        "temperature": 0.8,
        "top_p": 0.8,
        "use_cache": True,
        "rope_parameters": {"factor": 1.0, "rope_theta": None},
    }
    assert GlmConfig.from_dict(GLM_EDGE | asked) == GlmConfig.from_dict(GLM_EDGE)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ('{"hidden_size": 64, "hidden_size": 128}', "key 'hidden_size' comes twice"),
        ('{"a": {"b": 1, "b": 1}}', "key 'b' comes twice"),
        ("[" * 10**5 + "]" * 10**5, "not JSON: maximum recursion depth"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": -Infinity}', "-Infinity is not a JSON number"),
        ('{"a": 1e999}', "1e999 is too large"),
        (f'{{"a": {"9" * 5000}}}', "digits"),
        (f'{{"a": "{"x" * (1 << 20)}"}}', "has more than 1048576 bytes"),
        ("\ufeff{}", "BOM"),
    ],
)
def test_a_file_that_readers_may_read_differently_is_refused(tmp_path: Path, text: str, cause: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CheckpointError) as error:
        GlmConfig.from_file(path)
    assert cause in error.value.cause


@pytest.mark.parametrize("text", ["", "[1]", "{", "\xff"])
def test_a_file_that_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(CheckpointError):
        GlmConfig.from_file(path)
    with pytest.raises(CheckpointError, match="cannot be read"):
        GlmConfig.from_file(tmp_path / "other.json")

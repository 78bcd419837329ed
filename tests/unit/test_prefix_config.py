"""`PrefixLmConfig`: what it holds survives a model folder, and what cannot be run is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from glm_lsp.errors import ArchitectureError, CheckpointError
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.model_config import read_config
from glm_lsp.models.prefix_config import PrefixLmConfig
from glm_lsp.models.tensors import num_parameters
from tests.prefix_models import SUBJECTS, chatglm_6b

# The first ChatGLM-6B, whose published index gives 13,744,473,856 bytes.
CHATGLM_6B = PrefixLmConfig(
    architecture="chatglm-6b",
    vocab_size=150528,
    hidden_size=4096,
    intermediate_size=16384,
    num_hidden_layers=28,
    num_attention_heads=32,
    max_position_embeddings=2048,
    mask_token_ids=(150000, 150001),
    start_token_id=150004,
    eos_token_ids=(150005,),
)


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_model_folder_holds_it(tmp_path: Path, name: str) -> None:
    config = SUBJECTS[name]().config
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config.to_dict()), encoding="utf-8")
    assert read_config(path) == PrefixLmConfig.from_file(path) == config


def test_other_models_are_read_as_before(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(GlmConfig().to_dict()), encoding="utf-8")
    assert read_config(path) == GlmConfig()


def test_the_published_size_comes_out() -> None:
    """Two bytes a weight, four for the layer norms, and 32 half-precision frequencies a layer."""
    norms = (2 * 28 + 1) * 2 * 4096
    assert 2 * num_parameters(CHATGLM_6B) + 2 * norms + 28 * 32 * 2 == 13_744_473_856


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"model_type": "glm"}, "not a config of this program"),
        ({"rope_scaling": None}, "rope_scaling"),
        ({"hidden_size": 0}, "hidden_size is 0"),
        ({"num_hidden_layers": True}, "num_hidden_layers is True"),
        ({"vocab_size": "320"}, "vocab_size"),
        ({"residual_scale": -1.0}, "residual_scale"),
        ({"num_attention_heads": 5}, "not a multiple"),
        ({"num_attention_heads": 32}, "halves of halves"),
        ({"mask_token_ids": []}, "no token for a blank"),
        ({"start_token_id": 320}, r"\[320\] are outside"),
        ({"mask_token_ids": [-1]}, r"\[-1\] are outside"),
    ],
)
def test_what_cannot_be_run_is_refused(changes: dict[str, Any], cause: str) -> None:
    with pytest.raises(ArchitectureError, match=cause):
        PrefixLmConfig.from_dict(chatglm_6b().config.to_dict() | changes)


def test_a_missing_value_is_named() -> None:
    values = chatglm_6b().config.to_dict()
    del values["start_token_id"]
    with pytest.raises(ArchitectureError, match="start_token_id"):
        PrefixLmConfig.from_dict(values)


def test_a_file_that_is_no_config_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text("[1]", encoding="utf-8")
    with pytest.raises(CheckpointError):
        PrefixLmConfig.from_file(path)

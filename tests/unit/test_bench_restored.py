"""Weights taken back out of a model folder are those that went in, as far as the precision keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from safetensors.numpy import load_file

from glm_lsp.bench.restored import main, restore_checkpoint, restored_weights, with_capacity
from glm_lsp.errors import ModelFileError
from glm_lsp.models.store import ModelFolder
from tests.tiny_model import random_weights, tiny_config, tiny_model

SHAPES: list[dict[str, Any]] = [
    {},
    {"attention_bias": False, "tie_word_embeddings": False},
    {"architecture": "glm4"},
]


def codes(folder: ModelFolder) -> dict[str, bytes]:
    graph = onnx.load(str(folder.graph_path)).graph
    return {t.name: numpy_helper.to_array(t).tobytes() for t in graph.initializer if "cos" != t.name != "sin"}


@pytest.mark.parametrize("changes", SHAPES)
def test_fp32_weights_come_back_unchanged(tmp_path: Path, changes: dict[str, Any]) -> None:
    config = tiny_config(**changes)
    model = tiny_model(tmp_path, config)
    restored = restored_weights(model)
    expected = random_weights(config)
    if not config.tie_word_embeddings:
        expected["lm_head.weight"][model.manifest.vocab_size :] = 0  # ids that do not exist
    assert restored.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(restored[name], values, err_msg=name)


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_quantised_weights_come_back_within_a_step(tmp_path: Path, precision: str) -> None:
    expected = random_weights(tiny_config())
    restored = restored_weights(tiny_model(tmp_path, precision=precision))
    for name, values in expected.items():
        steps = 128 if precision == "int8" or "embed" in name else 8
        worst = np.abs(restored[name] - values).max()
        # The greatest element with the other sign is clipped by a whole step.
        assert worst <= np.abs(values).max() / steps, name


@pytest.mark.parametrize("precision", ["int8", "int4"])
@pytest.mark.parametrize("changes", SHAPES)
def test_a_longer_model_has_the_same_codes(tmp_path: Path, precision: str, changes: dict[str, Any]) -> None:
    model = tiny_model(tmp_path, tiny_config(**changes), precision=precision)
    longer = with_capacity(model, tmp_path / "longer", 1024)
    assert longer.manifest.capacity == longer.manifest.context_length == 1024
    assert codes(longer) == codes(model)


def test_the_checkpoint_is_complete(tmp_path: Path) -> None:
    model = tiny_model(tmp_path, precision="int8")
    folder = restore_checkpoint(model, tmp_path / "restored")
    assert load_file(folder / "model.safetensors").keys() == random_weights(model.config).keys()
    assert (folder / "tokenizer.json").read_bytes() == model.tokenizer_path.read_bytes()
    assert model.config == type(model.config).from_file(folder / "config.json")


def test_a_graph_of_another_program_is_refused(tmp_path: Path) -> None:
    model = tiny_model(tmp_path)
    graph = onnx.load(str(model.graph_path), load_external_data=False)
    for tensor in graph.graph.initializer:
        if tensor.name == "final_norm.gain":
            tensor.name = "gamma"
    model.graph_path.write_bytes(graph.SerializeToString())
    with pytest.raises(ModelFileError, match=r"final_norm\.gain"):
        restored_weights(model)


def test_a_model_is_built_again_for_a_gpu(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tiny_model(tmp_path / "before", precision="int8")
    out = tmp_path / "after"
    assert main([str(model.path), str(out), "--activations", "fp16"]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    built = ModelFolder.load(out)
    assert (built.manifest.activations, built.manifest.capacity) == ("fp16", model.manifest.capacity)
    before, after = restored_weights(model), restored_weights(built)
    for name, values in before.items():
        np.testing.assert_allclose(after[name], values, atol=2e-3 * np.abs(values).max(), err_msg=name)

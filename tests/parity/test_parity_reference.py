"""The NumPy model and our graph against transformers, and against optimum's export run by ONNX Runtime."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.models.config import GlmConfig
from tests.parity.cases import CASES, TOLERANCE, case_config, max_difference, run_in_chunks, some_token_ids
from tests.reference.numpy_glm import NumpyGlm
from tests.tiny_model import random_weights, tiny_model, write_checkpoint

pytestmark = [
    pytest.mark.reference,
    # The pinned transformers and optimum use what newer torch and onnx announce the end of.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.timeout(600),
]

LENGTH = 60
TIGHT = 2e-5
"""What fp32 implementations differ by, with room for other machines; wrong constants give 1e-2 or more."""


def load_transformers(folder: Path, config: GlmConfig) -> Any:
    """The checkpoint through transformers' own loader, which complains of any tensor it misses."""
    import torch
    from transformers import Glm4ForCausalLM, GlmForCausalLM

    model_class = Glm4ForCausalLM if config.architecture == "glm4" else GlmForCausalLM
    model, report = model_class.from_pretrained(
        folder, torch_dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    return model.eval()


def transformers_logits(model: Any, token_ids: list[int]) -> NDArray[np.float32]:
    import torch

    with torch.no_grad():
        logits: NDArray[np.float32] = model(torch.tensor([token_ids])).logits[0].numpy()
    return logits


@pytest.mark.parametrize("name", CASES)
def test_numpy_model_and_graph_equal_transformers(tmp_path: Path, name: str) -> None:
    config = case_config(name)
    model = tiny_model(tmp_path, config, real_vocab_size=config.vocab_size)
    token_ids = some_token_ids(config, LENGTH)
    reference = transformers_logits(load_transformers(tmp_path / "checkpoint", config), token_ids)
    assert max_difference(NumpyGlm(config, random_weights(config)).logits(token_ids), reference) <= TIGHT
    session = OnnxSession.open(model, threads=1)
    for sizes in ([], [1] * LENGTH, [17, 8, 1]):
        found = run_in_chunks(session, session.new_kv(), 0, token_ids, sizes)
        assert max_difference(found, reference) <= TIGHT


@pytest.mark.parametrize("name", ["tied-bias-half", "glm4-bias"])
def test_greedy_text_equals_transformers(tmp_path: Path, name: str) -> None:
    import torch

    config = case_config(name)
    model = tiny_model(tmp_path, config, real_vocab_size=config.vocab_size)
    prompt = some_token_ids(config, 20)
    reference = load_transformers(tmp_path / "checkpoint", config)
    expected = reference.generate(
        torch.tensor([prompt]), max_new_tokens=24, do_sample=False, eos_token_id=None, pad_token_id=0
    )[0, 20:].tolist()
    session = OnnxSession.open(model, threads=1)
    kv = session.new_kv()
    found = [int(session.run(kv, 0, prompt, 1).next_ids[0])]
    while len(found) < 24:
        found.append(int(session.run(kv, 19 + len(found), found[-1:], 1).next_ids[0]))
    assert found == expected


def test_transformers_reads_the_same_config(tmp_path: Path) -> None:
    """`GlmConfig.to_dict` means to transformers what it means to us, defaults included."""
    from transformers import Glm4Config
    from transformers import GlmConfig as TheirGlmConfig

    for name in CASES:
        config = case_config(name)
        their_class = Glm4Config if config.architecture == "glm4" else TheirGlmConfig
        theirs = their_class.from_dict(config.to_dict())
        assert GlmConfig.from_dict(theirs.to_dict()) == config
    assert GlmConfig.from_dict(TheirGlmConfig().to_dict()) == GlmConfig()
    assert GlmConfig.from_dict(Glm4Config().to_dict()) == GlmConfig(architecture="glm4")


def export_with_optimum(checkpoint: Path, out: Path, config: GlmConfig) -> Path:
    """The standard past/present graph in fp32; optimum knows glm, and glm4 only when told how."""
    from optimum.exporters.onnx import main_export
    from optimum.exporters.onnx.model_configs import GLMOnnxConfig
    from transformers import AutoConfig

    options: dict[str, Any] = {}
    if config.architecture == "glm4":
        theirs = AutoConfig.from_pretrained(checkpoint)
        settings = {"task": "text-generation", "use_past": True, "use_past_in_inputs": True}
        options["custom_onnx_configs"] = {"model": GLMOnnxConfig(theirs, **settings)}
    main_export(str(checkpoint), out, task="text-generation-with-past", do_validation=False, **options)
    return out / "model.onnx"


class OptimumModel:
    """An exported graph and its growing past: keys and values [1, kv_heads, P, head_dim] by layer."""

    def __init__(self, path: Path, config: GlmConfig) -> None:
        import onnxruntime

        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        empty = np.zeros((1, config.num_key_value_heads, 0, config.head_dim), np.float32)
        names = [
            value.name for value in self.session.get_inputs() if value.name.startswith("past_key_values")
        ]
        self.past = dict.fromkeys(names, empty)

    @property
    def num_tokens(self) -> int:
        return int(next(iter(self.past.values())).shape[2])

    def rewind(self, num_tokens: int) -> None:
        self.past = {name: value[:, :, :num_tokens] for name, value in self.past.items()}

    def run(self, token_ids: list[int]) -> NDArray[np.float32]:
        end = self.num_tokens + len(token_ids)
        inputs = {
            "input_ids": np.array([token_ids], np.int64),
            "attention_mask": np.ones((1, end), np.int64),
            "position_ids": np.arange(self.num_tokens, end, dtype=np.int64)[None],
        }
        names = [value.name for value in self.session.get_outputs()]
        outputs = dict(zip(names, self.session.run(None, inputs | self.past), strict=True))
        self.past = {name: outputs[name.replace("past_key_values", "present")] for name in self.past}
        logits: NDArray[np.float32] = outputs["logits"][0]
        return logits


@pytest.mark.parametrize("name", ["tied-bias-half", "full-rotary-no-bias", "glm4-bias"])
def test_graph_equals_optimums_export(tmp_path: Path, name: str) -> None:
    config = case_config(name)
    ours = tiny_model(tmp_path, config, real_vocab_size=config.vocab_size)
    theirs = OptimumModel(export_with_optimum(tmp_path / "checkpoint", tmp_path / "optimum", config), config)
    session = OnnxSession.open(ours, threads=1)
    kv = session.new_kv()
    token_ids = some_token_ids(config, LENGTH)
    expected = np.concatenate([theirs.run(token_ids[:32]), theirs.run(token_ids[32:])])
    found = run_in_chunks(session, kv, 0, token_ids, [32, 1])
    assert max_difference(found, expected) <= TIGHT
    # The same after going back and continuing differently.
    theirs.rewind(25)
    other = some_token_ids(config, 12, seed=1)
    assert max_difference(run_in_chunks(session, kv, 25, other, [8, 1]), theirs.run(other)) <= TIGHT


def test_a_wrong_constant_would_be_noticed(tmp_path: Path) -> None:
    """The tolerance means something: another epsilon, theta or rotated width is far outside it."""
    config = case_config("tied-bias-half")
    checkpoint = write_checkpoint(tmp_path / "checkpoint", config)
    token_ids = some_token_ids(config, LENGTH)
    reference = transformers_logits(load_transformers(checkpoint, config), token_ids)
    for changes in ({"rms_norm_eps": 1e-3}, {"rope_theta": 2e4}, {"partial_rotary_factor": 1.0}):
        wrong = NumpyGlm(replace(config, **changes), random_weights(config))
        assert max_difference(wrong.logits(token_ids), reference) > 10 * TOLERANCE

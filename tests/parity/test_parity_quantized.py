"""int8 and int4 graphs against the NumPy model over the weights the codes stand for.

With fp32 activations (accuracy level 0) the kernels must agree to rounding. Level 4 rounds activations to
int8 as well; its bound is a share of the range of the logits.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.graph_options import AccuracyLevels
from glm_lsp.models.quantization import Bits, dequantize, quantize
from tests.parity.cases import TOLERANCE, case_config, max_difference, run_in_chunks, some_token_ids
from tests.reference.numpy_glm import NumpyGlm
from tests.tiny_model import random_weights, tiny_model

CASES = ("tied-bias-half", "untied-one-kv-head", "full-rotary-no-bias", "glm4-bias")
SPLITS = {"one by one": [1] * 40, "eights": [8] * 5, "at once": []}
LEVEL_4_SHARE = 0.04


def as_quantized(config: GlmConfig, precision: str) -> dict[str, NDArray[np.float32]]:
    """The weights after quantisation: embedding and head always int8, norms and biases untouched."""
    weights = random_weights(config)
    for name, value in weights.items():
        if value.ndim == 2:
            table = name in ("model.embed_tokens.weight", "lm_head.weight")
            bits: Bits = 8 if table or precision == "int8" else 4
            weights[name] = dequantize(quantize(value, bits))
    return weights


def open_session(folder: Path, config: GlmConfig, precision: str, accuracy: AccuracyLevels) -> OnnxSession:
    model = tiny_model(
        folder, config, precision=precision, accuracy=accuracy, real_vocab_size=config.vocab_size
    )
    return OnnxSession.open(model, threads=1)


@pytest.mark.parametrize("precision", ["int8", "int4"])
@pytest.mark.parametrize("case", CASES)
def test_fp32_activations_agree_with_the_dequantised_weights(
    tmp_path: Path, case: str, precision: str
) -> None:
    config = case_config(case)
    session = open_session(tmp_path, config, precision, AccuracyLevels(attention=0, mlp=0, head=0))
    token_ids = some_token_ids(config, 40)
    expected = NumpyGlm(config, as_quantized(config, precision)).logits(token_ids)
    for sizes in SPLITS.values():
        found = run_in_chunks(session, session.new_kv(), 0, token_ids, sizes)
        assert max_difference(found, expected) <= TOLERANCE


@pytest.mark.parametrize("precision", ["int8", "int4"])
@pytest.mark.parametrize("case", CASES)
def test_int8_activations_stay_close(tmp_path: Path, case: str, precision: str) -> None:
    config = case_config(case)
    session = open_session(tmp_path, config, precision, AccuracyLevels())
    token_ids = some_token_ids(config, 40)
    expected = NumpyGlm(config, as_quantized(config, precision)).logits(token_ids)
    for sizes in SPLITS.values():
        found = run_in_chunks(session, session.new_kv(), 0, token_ids, sizes)
        assert max_difference(found, expected) <= LEVEL_4_SHARE * np.ptp(expected)


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_one_row_and_eight_agree(tmp_path: Path, precision: str) -> None:
    """Verifying drafts runs several rows where plain decoding runs one; only near-ties may come out other.

    At level 4 the last bit of an attention result can decide how an activation is rounded to int8.
    """
    config = case_config("tied-bias-half")
    session = open_session(tmp_path, config, precision, AccuracyLevels())
    token_ids = some_token_ids(config, 40)
    one, eight = (
        run_in_chunks(session, session.new_kv(), 0, token_ids, SPLITS[name])
        for name in ("one by one", "eights")
    )
    tie = 0.02 * np.ptp(one)
    assert max_difference(one, eight) <= tie
    second, best = np.sort(one, axis=-1)[:, -2:].T
    clear = best - second > 2 * tie
    assert clear.sum() >= 10
    np.testing.assert_array_equal(one.argmax(axis=-1)[clear], eight.argmax(axis=-1)[clear])
    assert session.self_check() <= 0.02


def test_a_tied_head_reads_the_bytes_of_the_embedding(tmp_path: Path) -> None:
    sizes = {}
    for tied in (True, False):
        config = case_config("tied-bias-half" if tied else "untied-one-kv-head")
        model = tiny_model(tmp_path / str(tied), config, precision="int8")
        sizes[tied] = model.manifest.files["model.onnx.data"].bytes
    table = config.vocab_size * config.hidden_size
    assert sizes[False] - sizes[True] > 0.9 * table

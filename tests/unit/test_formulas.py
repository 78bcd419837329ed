"""The formulas against the other NumPy model, and what must hold of each for any weights."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from glm_lsp.models.config import GlmConfig
from glm_lsp.models.formulas import BlankTokens, Formula, formula_for, weights
from glm_lsp.models.formulas.blank import place
from glm_lsp.models.formulas.chatglm import ChatGlmFormula
from tests.parity.cases import CASES, case_config, max_difference, some_token_ids
from tests.reference.numpy_glm import NumpyGlm
from tests.reference.official_tensors import (
    CHATGLM_6B_VALUES,
    CHATGLM_VALUES,
    ORIGINAL_GLM_VALUES,
    ORIGINAL_MASKS,
    ORIGINAL_START,
    MemoryReader,
    chatglm_6b_tensors,
    chatglm_tensors,
    original_glm_tensors,
    renamed,
)
from tests.tiny_model import random_weights

EXACT = 1e-10
"""What two ways through fp64 may differ by."""

CHATGLM_CASES: dict[str, dict[str, Any]] = {
    "chatglm3": {},
    "one-head-one-key": {"multi_query_attention": False},
    "glm-4": {"layernorm_epsilon": 1.5625e-07, "rope_ratio": 500},
    "no-bias": {"add_qkv_bias": False, "multi_query_group_num": 1},
}

ORIGINAL_TOKENS = BlankTokens(ORIGINAL_MASKS, ORIGINAL_START)
CHATGLM_6B_TOKENS = BlankTokens((300, 301), 304)


def v5(values: dict[str, Any]) -> dict[str, Any]:
    """The same config as transformers 5 writes it."""
    rope: dict[str, Any] = {"rope_type": "default"}
    rope |= values.pop("rope_scaling", None) or {}
    rope |= {key: values.pop(key) for key in ("rope_theta", "partial_rotary_factor")}
    return values | {"rope_parameters": rope}


@pytest.mark.parametrize("name", CASES)
def test_glm_equals_the_other_numpy_model(name: str) -> None:
    config = case_config(name)
    tensors, token_ids = random_weights(config), some_token_ids(config, 40)
    expected = NumpyGlm(config, tensors).logits(token_ids)
    for values in (config.to_dict(), v5(config.to_dict())):
        found = formula_for(values).logits(MemoryReader(tensors), token_ids, dtype=np.float64)
        assert found.dtype == np.float64
        assert max_difference(found, expected) <= EXACT


@pytest.mark.parametrize("name", CHATGLM_CASES)
def test_chatglm_equals_glm_after_renaming(name: str) -> None:
    values = CHATGLM_VALUES | CHATGLM_CASES[name]
    tensors = chatglm_tensors(values)
    theirs, found = renamed(values, tensors)
    config = GlmConfig.from_dict(theirs)
    token_ids = some_token_ids(config, 40)
    logits = formula_for(values).logits(MemoryReader(tensors), token_ids, dtype=np.float64)
    assert max_difference(logits, NumpyGlm(config, found).logits(token_ids)) <= EXACT


def test_rope_ratio_means_one_of_two_things() -> None:
    values = CHATGLM_VALUES | {"rope_ratio": 16}
    tensors = chatglm_tensors(values)
    theirs, found = renamed(values, tensors)
    config = replace(GlmConfig.from_dict(theirs), rope_theta=10000.0, rope_factor=16.0)
    token_ids = some_token_ids(config, 40)
    expected = NumpyGlm(config, found).logits(token_ids)
    reader = MemoryReader(tensors)
    stretched = formula_for(values, interpolates=True).logits(reader, token_ids, dtype=np.float64)
    assert max_difference(stretched, expected) <= EXACT
    assert max_difference(formula_for(values).logits(reader, token_ids), expected) > 0.1


def test_absent_keys_take_the_classes_defaults() -> None:
    """Published native configs leave most keys out; ChatGLM2's has neither `rope_ratio` nor `rotary_percent`."""
    ours, none = GlmConfig(), formula_for({"model_type": "glm"})
    assert formula_for(ours.to_dict()) == none
    assert formula_for({**ours.to_dict(), "head_dim": None, "num_key_value_heads": None}) == replace(
        none, num_groups=32
    )
    sparse = {"model_type": "chatglm", "num_layers": 28, "num_attention_heads": 32}
    assert formula_for(sparse) == ChatGlmFormula(
        num_layers=28, num_heads=32, groups=None, head_dim=128, epsilon=1e-5, base=10000.0, stretch=1.0,
        rotary_dim=64, has_qkv_bias=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ({"model_type": "llama"}, "llama"),
        ({}, "None"),
        ({"model_type": "glm", "rope_scaling": {"rope_type": "yarn", "factor": 2}}, "yarn"),
        (ORIGINAL_GLM_VALUES, "mask and start"),
        (CHATGLM_6B_VALUES, "mask and start"),
        (CHATGLM_6B_VALUES | {"position_encoding_2d": False}, "one kind of positions"),
        (ORIGINAL_GLM_VALUES | {"block_position_encoding": False}, "block positions"),
        (ORIGINAL_GLM_VALUES | {"attention_scale": 2.0}, "attention_scale"),
    ],
)
def test_what_has_no_formula_is_refused(values: dict[str, Any], cause: str) -> None:
    tokens = None if cause.startswith("mask") else ORIGINAL_TOKENS
    with pytest.raises(ValueError, match=cause):
        formula_for(values, tokens=tokens)


def subjects() -> dict[str, tuple[Formula, MemoryReader]]:
    """One small model of each architecture."""
    glm = case_config("glm4-bias")
    return {
        "chatglm": (formula_for(CHATGLM_VALUES), MemoryReader(chatglm_tensors(CHATGLM_VALUES))),
        "glm4": (formula_for(glm.to_dict()), MemoryReader(random_weights(glm))),
        "chatglm-6b": (
            formula_for(CHATGLM_6B_VALUES, tokens=CHATGLM_6B_TOKENS),
            MemoryReader(chatglm_6b_tensors()),
        ),
        "glm-original": (
            formula_for(ORIGINAL_GLM_VALUES, tokens=ORIGINAL_TOKENS),
            MemoryReader(original_glm_tensors()),
        ),
    }


PROMPT = [5, 17, 99, 42, 301, 8, 9, 10, 304, 61, 62, 63]
"""Eight tokens of context with a blank at the fifth, the start token, three that were written."""


@pytest.mark.parametrize("name", ["chatglm", "glm4", "chatglm-6b", "glm-original"])
class TestEachFormula:
    def test_matrices_come_in_blocks(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        formula, reader = subjects()[name]
        whole = formula.logits(reader, PROMPT)
        reader.most = 0
        monkeypatch.setattr(weights, "BLOCK_BYTES", 4 * 640)
        blocks = formula.logits(reader, PROMPT)
        assert reader.most <= 640
        assert max_difference(blocks, whole) <= 1e-4

    def test_single_precision_is_near_double(self, name: str) -> None:
        formula, reader = subjects()[name]
        single = formula.logits(reader, PROMPT)
        assert single.dtype == np.float32
        assert max_difference(single, formula.logits(reader, PROMPT, dtype=np.float64)) <= 2e-5
        assert np.abs(single).max() > 1

    def test_a_few_layers_are_a_shorter_model(self, name: str) -> None:
        formula, reader = subjects()[name]
        short = replace(formula, num_layers=2)  # type: ignore[type-var]
        expected = short.logits(reader, PROMPT)
        assert np.array_equal(formula.logits(reader, PROMPT, num_layers=2), expected)
        if formula.num_layers > 2:  # type: ignore[attr-defined]
            assert max_difference(formula.logits(reader, PROMPT), expected) > 0.1

    def test_a_few_ids_are_the_first_columns(self, name: str) -> None:
        formula, reader = subjects()[name]
        whole = formula.logits(reader, PROMPT)
        assert max_difference(formula.logits(reader, PROMPT, num_ids=100), whole[:, :100]) <= 1e-5
        assert formula.logits(reader, PROMPT, num_ids=10**6).shape == whole.shape

    def test_what_follows_changes_nothing_behind_the_start(self, name: str) -> None:
        formula, reader = subjects()[name]
        whole = formula.logits(reader, PROMPT, dtype=np.float64)
        for count in range(9, len(PROMPT)):
            part = formula.logits(reader, PROMPT[:count], dtype=np.float64)
            assert max_difference(part, whole[:count]) <= EXACT

    def test_the_context_is_read_in_both_directions_or_not(self, name: str) -> None:
        formula, reader = subjects()[name]
        changed = [*PROMPT[:7], 11, *PROMPT[8:]]
        before = formula.logits(reader, PROMPT, dtype=np.float64)
        difference = np.abs(formula.logits(reader, changed, dtype=np.float64) - before).max(axis=1)
        assert (difference[7:] > 1e-3).all()
        both_ways = name in ("chatglm-6b", "glm-original")
        assert (difference[:7] > 1e-3).all() == both_ways
        assert (difference[:7] <= EXACT).all() != both_ways


def test_tokens_of_a_blank_stand_at_it() -> None:
    found = place([7, 300, 8, 304, 9, 304], BlankTokens((300, 301), 304))
    assert found.positions.tolist() == [0, 1, 2, 1, 1, 1]
    assert found.block_positions.tolist() == [0, 0, 0, 1, 2, 3]
    assert found.allowed.astype(int).tolist() == [
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 1, 1, 1, 0],
        [1, 1, 1, 1, 1, 1],
    ]


@pytest.mark.parametrize(
    ("token_ids", "blank"),
    [
        ([301, 7, 300, 304], 2),  # the kinds have a rank
        ([300, 7, 300, 304], 0),  # of one kind the first counts
        ([7, 8, 9, 304, 300], 2),  # what is written is no blank; without one it is the context's end
        ([304], 0),
    ],
)
def test_where_the_blank_is(token_ids: list[int], blank: int) -> None:
    start = token_ids.index(304)
    assert place(token_ids, BlankTokens((300, 301), 304)).positions[start:].tolist() == [blank] * (
        len(token_ids) - start
    )


def test_without_a_start_token_it_is_read_from_left_to_right() -> None:
    found = place([7, 300, 8], BlankTokens((300,), 304))
    assert found.positions.tolist() == [0, 1, 2]
    assert found.block_positions.tolist() == [0, 0, 0]
    assert found.allowed.tolist() == np.tri(3, dtype=bool).tolist()


def test_the_original_glms_bare_class_has_no_prefix() -> None:
    formula = formula_for(ORIGINAL_GLM_VALUES, tokens=ORIGINAL_TOKENS)
    bare, named = original_glm_tensors(prefix=""), original_glm_tensors()
    assert np.array_equal(
        formula.logits(MemoryReader(bare), PROMPT), formula.logits(MemoryReader(named), PROMPT)
    )


def test_a_tied_chatglm_6b_has_no_head_of_its_own() -> None:
    tensors = chatglm_6b_tensors()
    tensors["lm_head.weight"] = tensors["transformer.word_embeddings.weight"]
    apart = formula_for(CHATGLM_6B_VALUES, tokens=CHATGLM_6B_TOKENS).logits(MemoryReader(tensors), PROMPT)
    del tensors["lm_head.weight"]
    tied = formula_for(CHATGLM_6B_VALUES | {"tie_word_embeddings": True}, tokens=CHATGLM_6B_TOKENS)
    assert np.array_equal(tied.logits(MemoryReader(tensors), PROMPT), apart)


def test_formulas_load_nothing_else_of_the_program() -> None:
    program = (
        "import sys, glm_lsp.models.formulas as room;"
        "names = [n for n in sys.modules if n.startswith('glm_lsp') and not n.startswith(room.__name__)];"
        "print(*sorted(names))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["glm_lsp", "glm_lsp.models"]

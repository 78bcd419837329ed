"""Our graph in fp32 against the NumPy model, however the tokens are cut into runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.errors import ContextOverflowError, SessionError
from glm_lsp.models.config import GlmConfig
from tests.parity.cases import CASES, TOLERANCE, case_config, max_difference, run_in_chunks, some_token_ids
from tests.reference.numpy_glm import NumpyGlm
from tests.tiny_model import random_weights, tiny_model

LENGTH, CAPACITY = 60, 96


@dataclass(frozen=True)
class Pair:
    """A loaded model, the same in NumPy, and a text with its right logits [LENGTH, vocab]."""

    config: GlmConfig
    session: OnnxSession
    reference: NumpyGlm
    token_ids: list[int]
    logits: NDArray[np.float64]


def make_pair(folder: object, config: GlmConfig) -> Pair:
    model = tiny_model(folder, config, capacity=CAPACITY, real_vocab_size=config.vocab_size)
    reference = NumpyGlm(config, random_weights(config))
    token_ids = some_token_ids(config, LENGTH)
    session = OnnxSession.open(model, threads=1)
    return Pair(config, session, reference, token_ids, reference.logits(token_ids))


@pytest.fixture(scope="module", params=CASES)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("model"), case_config(request.param))


@pytest.fixture(scope="module")
def one_pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("model"), case_config("tied-bias-half"))


def test_prefill_gives_the_references_logits(pair: Pair) -> None:
    found = run_in_chunks(pair.session, pair.session.new_kv(), 0, pair.token_ids, [])
    assert max_difference(found, pair.logits) <= TOLERANCE
    assert np.abs(pair.logits).max() > 1  # else the tolerance would say nothing


@pytest.mark.parametrize("sizes", [[1] * LENGTH, [1, 2, 3, 5, 8, 13], [59], [17, 16, 8, 1, 1], [8] * 8])
def test_any_split_gives_the_same(pair: Pair, sizes: list[int]) -> None:
    found = run_in_chunks(pair.session, pair.session.new_kv(), 0, pair.token_ids, sizes)
    assert max_difference(found, pair.logits) <= TOLERANCE


def test_a_rewound_past_can_continue_differently(pair: Pair) -> None:
    kv = pair.session.new_kv()
    run_in_chunks(pair.session, kv, 0, pair.token_ids, [32])
    other = pair.token_ids[:20] + some_token_ids(pair.config, 30, seed=1)
    found = run_in_chunks(pair.session, kv, 20, other[20:], [9, 1, 1])
    assert max_difference(found, pair.reference.logits(other)[20:]) <= TOLERANCE


def test_unused_entries_are_never_read(pair: Pair) -> None:
    kv = pair.session.new_kv()
    kv.values.fill(np.nan)
    found = run_in_chunks(pair.session, kv, 0, pair.token_ids, [32, 8, 1, 1])
    assert max_difference(found, pair.logits) <= TOLERANCE
    assert np.isnan(kv.values[..., LENGTH:, :]).all()
    assert not np.isnan(kv.values[..., :LENGTH, :]).any()


def test_padding_behind_a_chunk_changes_nothing(pair: Pair) -> None:
    session, kv = pair.session, pair.session.new_kv()
    padded = session.run(kv, 0, pair.token_ids[:11] + [0] * 5, 16, want_logits=True).logits
    assert padded is not None
    assert max_difference(padded[:11], pair.logits[:11]) <= TOLERANCE
    found = run_in_chunks(session, kv, 11, pair.token_ids[11:], [1, 16])
    assert max_difference(found, pair.logits[11:]) <= TOLERANCE


def test_the_whole_capacity_can_be_used(pair: Pair) -> None:
    token_ids = some_token_ids(pair.config, CAPACITY, seed=2)
    found = run_in_chunks(pair.session, pair.session.new_kv(), 0, token_ids, [64, 31])
    assert max_difference(found, pair.reference.logits(token_ids)) <= TOLERANCE


def test_scores_follow_from_the_logits(pair: Pair) -> None:
    scores = pair.session.run(pair.session.new_kv(), 0, pair.token_ids, 7, want_logits=True)
    assert scores.logits is not None
    assert max_difference(scores.logits, pair.logits[-7:]) <= TOLERANCE
    best = np.argsort(-scores.logits, axis=-1, kind="stable")[:, :8]
    np.testing.assert_array_equal(scores.top_ids, best)
    np.testing.assert_array_equal(scores.next_ids, best[:, 0])
    wide = scores.logits.astype(np.float64)
    log_probs = wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True))
    found = scores.top_logprobs
    assert max_difference(found, np.take_along_axis(log_probs, best, axis=-1)) <= 1e-5


def test_slots_do_not_share_memory(one_pair: Pair) -> None:
    session, first, second = one_pair.session, one_pair.session.new_kv(), one_pair.session.new_kv()
    session.run(first, 0, one_pair.token_ids[:30], 0)
    session.run(second, 0, some_token_ids(one_pair.config, 40, seed=3), 0)
    found = run_in_chunks(session, first, 30, one_pair.token_ids[30:], [4])
    assert max_difference(found, one_pair.logits[30:]) <= TOLERANCE


def test_saved_and_restored_values_are_as_good_as_computed_ones(one_pair: Pair) -> None:
    session, kv = one_pair.session, one_pair.session.new_kv()
    session.run(kv, 0, one_pair.token_ids[:40], 0)
    saved = kv.values[..., :40, :].copy()
    kv.values.fill(np.nan)
    kv.values[..., :40, :] = saved
    found = run_in_chunks(session, kv, 40, one_pair.token_ids[40:], [1])
    assert max_difference(found, one_pair.logits[40:]) <= TOLERANCE


@given(st.lists(st.integers(1, 20), max_size=12))
@settings(max_examples=15, deadline=None)
def test_random_splits(one_pair: Pair, sizes: list[int]) -> None:
    found = run_in_chunks(one_pair.session, one_pair.session.new_kv(), 0, one_pair.token_ids, sizes)
    assert max_difference(found, one_pair.logits) <= TOLERANCE


def test_too_many_tokens_are_refused_and_the_kv_stays_usable(one_pair: Pair) -> None:
    session, kv = one_pair.session, one_pair.session.new_kv()
    session.run(kv, 0, one_pair.token_ids[:50], 0)
    with pytest.raises(ContextOverflowError):
        session.run(kv, 50, [1] * (CAPACITY - 49), 1)
    with pytest.raises(SessionError, match="vocabulary"):
        session.run(kv, 50, [one_pair.config.vocab_size], 1)
    found = run_in_chunks(session, kv, 50, one_pair.token_ids[50:], [])
    assert max_difference(found, one_pair.logits[50:]) <= TOLERANCE


def test_a_failed_run_leaves_the_kv_usable(one_pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    session, kv = one_pair.session, one_pair.session.new_kv()
    session.run(kv, 0, one_pair.token_ids[:50], 0)
    # ONNX Runtime refuses this run half-way: the last position no longer agrees with the number of tokens.
    binding = session._binding(kv, 2, 1, 1, False)
    binding.token_ids[0] = [1, 2]
    binding.last_position[0] = CAPACITY + 5
    with monkeypatch.context() as patch:
        patch.setattr(session, "_binding", lambda *_: _Frozen(binding))
        with pytest.raises(SessionError, match="2 tokens after 50"):
            session.run(kv, 50, [1, 2], 1)
    found = run_in_chunks(session, kv, 50, one_pair.token_ids[50:], [2])
    assert max_difference(found, one_pair.logits[50:]) <= TOLERANCE


class _Frozen:
    """A binding whose position cannot be corrected any more."""

    def __init__(self, binding: object) -> None:
        self.io = binding.io  # type: ignore[attr-defined]
        self.token_ids = np.zeros((1, 2), np.int64)
        self.last_position = np.zeros(1, np.int32)

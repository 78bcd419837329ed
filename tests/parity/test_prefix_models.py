"""Models that read their context in both directions: graph and session against the formulas."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.session import InterruptedRunError
from glm_lsp.errors import ArchitectureError, ContextOverflowError, SessionError
from glm_lsp.models.quantization import Bits, dequantize, quantize
from tests.parity.cases import TOLERANCE, max_difference, run_in_chunks
from tests.prefix_models import CAPACITY, SUBJECTS, PrefixSubject, original_glm, prefix_model
from tests.reference.official_tensors import MemoryReader

NUM_CONTEXT, LENGTH = 24, 60
LEVEL_4_SHARE = 0.04


@dataclass(frozen=True)
class Pair:
    """A loaded model, its formula, and a prompt with what follows and the right logits [LENGTH, vocab]."""

    subject: PrefixSubject
    session: OnnxSession
    token_ids: list[int]
    logits: NDArray[np.float64]

    def reference(self, token_ids: list[int]) -> NDArray[np.float64]:
        return self.subject.formula.logits(self.subject.reader, token_ids, dtype=np.float64)


def some_prompt(subject: PrefixSubject, num_context: int, length: int, seed: int = 0) -> list[int]:
    """A context with a blank in it, the start token, and what is written."""
    rng = np.random.default_rng(seed)
    token_ids = [int(token_id) for token_id in rng.integers(4, 300, length)]
    if num_context:
        token_ids[int(rng.integers(num_context))] = subject.config.mask_token_ids[-1]
    token_ids[num_context] = subject.config.start_token_id
    return token_ids


def make_pair(folder: Path, subject: PrefixSubject, num_context: int = NUM_CONTEXT) -> Pair:
    session = OnnxSession.open(prefix_model(folder, subject), threads=1)
    token_ids = some_prompt(subject, num_context, LENGTH)
    logits = subject.formula.logits(subject.reader, token_ids, dtype=np.float64)
    return Pair(subject, session, token_ids, logits)


@pytest.fixture(scope="module", params=SUBJECTS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("model"), SUBJECTS[request.param]())


def test_one_run_gives_the_formulas_logits(pair: Pair) -> None:
    found = run_in_chunks(pair.session, pair.session.new_kv(), 0, pair.token_ids, [])
    assert max_difference(found, pair.logits) <= TOLERANCE
    assert np.abs(pair.logits).max() > 1


@pytest.mark.parametrize("sizes", [[1] * LENGTH, [2, 3, 5, 8, 13], [1, 30], [8] * 8])
def test_what_is_written_can_be_cut_anywhere(pair: Pair, sizes: list[int]) -> None:
    found = run_in_chunks(pair.session, pair.session.new_kv(), 0, pair.token_ids, [NUM_CONTEXT + 1, *sizes])
    assert max_difference(found, pair.logits) <= TOLERANCE


@given(st.lists(st.integers(1, 20), max_size=8))
@settings(max_examples=10, deadline=None)
def test_random_cuts(pair: Pair, sizes: list[int]) -> None:
    found = run_in_chunks(pair.session, pair.session.new_kv(), 0, pair.token_ids, [NUM_CONTEXT + 3, *sizes])
    assert max_difference(found, pair.logits) <= TOLERANCE


@pytest.mark.parametrize("num_context", [0, 1, 2, 50, LENGTH - 1])
def test_contexts_of_any_length(pair: Pair, num_context: int) -> None:
    token_ids = some_prompt(pair.subject, num_context, LENGTH, seed=num_context)
    found = run_in_chunks(pair.session, pair.session.new_kv(), 0, token_ids, [num_context + 1, 1])
    assert max_difference(found, pair.reference(token_ids)) <= TOLERANCE


@pytest.mark.parametrize("mask", range(3))
def test_every_kind_of_blank(pair: Pair, mask: int) -> None:
    config = pair.subject.config
    token_ids = [5, 6, config.mask_token_ids[mask % len(config.mask_token_ids)], 9, config.start_token_id, 11]
    found = run_in_chunks(pair.session, pair.session.new_kv(), 0, token_ids, [])
    assert max_difference(found, pair.reference(token_ids)) <= TOLERANCE


def test_a_text_without_a_start_token_is_read_forward(pair: Pair) -> None:
    token_ids = pair.token_ids[:NUM_CONTEXT]
    found = run_in_chunks(pair.session, pair.session.new_kv(), 0, token_ids, [3, 1])
    assert max_difference(found, pair.reference(token_ids)) <= TOLERANCE


def test_what_was_written_can_be_rewound(pair: Pair) -> None:
    kv = pair.session.new_kv()
    run_in_chunks(pair.session, kv, 0, pair.token_ids, [NUM_CONTEXT + 1])
    other = [*pair.token_ids[: NUM_CONTEXT + 5], *range(100, 120)]
    found = run_in_chunks(pair.session, kv, NUM_CONTEXT + 5, other[NUM_CONTEXT + 5 :], [9, 1])
    assert max_difference(found, pair.reference(other)[NUM_CONTEXT + 5 :]) <= TOLERANCE
    # The start token alone, behind a context that is there.
    found = run_in_chunks(pair.session, kv, NUM_CONTEXT, pair.token_ids[NUM_CONTEXT:], [1])
    assert max_difference(found, pair.logits[NUM_CONTEXT:]) <= TOLERANCE


def test_another_context_takes_the_place_of_the_first(pair: Pair) -> None:
    kv = pair.session.new_kv()
    run_in_chunks(pair.session, kv, 0, pair.token_ids, [NUM_CONTEXT + 1])
    other = some_prompt(pair.subject, 10, 30, seed=4)
    found = run_in_chunks(pair.session, kv, 0, other, [11, 1])
    assert max_difference(found, pair.reference(other)) <= TOLERANCE


def test_unused_entries_are_not_read_and_others_are_written_in_place(pair: Pair) -> None:
    kv = pair.session.new_kv()
    kv.values.fill(1e6)
    found = run_in_chunks(pair.session, kv, 0, pair.token_ids, [NUM_CONTEXT + 1, 8, 1, 1])
    assert max_difference(found, pair.logits) <= TOLERANCE
    assert (kv.values[..., LENGTH:, :] == 1e6).all()
    assert (np.abs(kv.values[..., :LENGTH, :]) < 1e3).all()


def test_the_whole_capacity_can_be_used(pair: Pair) -> None:
    token_ids = some_prompt(pair.subject, 50, CAPACITY, seed=2)
    found = run_in_chunks(pair.session, pair.session.new_kv(), 0, token_ids, [64, 31])
    assert max_difference(found, pair.reference(token_ids)) <= TOLERANCE


def test_scores_follow_from_the_logits(pair: Pair) -> None:
    scores = pair.session.run(pair.session.new_kv(), 0, pair.token_ids, 7, want_logits=True)
    assert scores.logits is not None
    assert max_difference(scores.logits, pair.logits[-7:]) <= TOLERANCE
    best = np.argsort(-scores.logits, axis=-1, kind="stable")[:, :8]
    np.testing.assert_array_equal(scores.top_ids, best)
    np.testing.assert_array_equal(scores.next_ids, best[:, 0])


def following(ranked: NDArray[np.int64], token_ids: list[int]) -> int:
    """The best id that is not among the last seven; random models repeat themselves otherwise."""
    return next(int(token_id) for token_id in ranked if token_id not in token_ids[-7:])


def greedy(session: OnnxSession, prompt: list[int], count: int, *, cached: bool) -> list[int]:
    """Writes token by token, on a cache or with everything run again each time."""
    kv, token_ids, past = session.new_kv(), list(prompt), 0
    while len(token_ids) < len(prompt) + count:
        if not cached:
            kv, past = session.new_kv(), 0
        new = token_ids[past:]
        token_ids.append(following(session.run(kv, past, new, 1).top_ids[0], token_ids))
        past += len(new)
    return token_ids


def test_64_greedy_tokens_are_the_same_with_a_cache_and_without(pair: Pair) -> None:
    written = set()
    for seed in range(3):
        prompt = some_prompt(pair.subject, NUM_CONTEXT, NUM_CONTEXT + 1, seed)
        expected = greedy(pair.session, prompt, 64, cached=False)
        assert greedy(pair.session, prompt, 64, cached=True) == expected
        for row, logits in enumerate(pair.reference(expected)[NUM_CONTEXT:-1], NUM_CONTEXT + 1):
            assert following(np.argsort(-logits), expected[:row]) == expected[row]
        written |= set(expected[NUM_CONTEXT:])
    assert len(written) > 15


def test_too_many_tokens_and_torn_contexts_are_refused_and_the_kv_stays_usable(pair: Pair) -> None:
    session, kv = pair.session, pair.session.new_kv()
    session.run(kv, 0, pair.token_ids[:50], 0)
    with pytest.raises(ContextOverflowError):
        session.run(kv, 50, [5] * (CAPACITY - 49), 1)
    with pytest.raises(SessionError, match="context that was cut"):
        session.run(kv, NUM_CONTEXT - 1, pair.token_ids[NUM_CONTEXT - 1 :], 1)
    with pytest.raises(SessionError, match="vocabulary"):
        session.run(kv, 50, [pair.subject.config.vocab_size], 1)
    found = run_in_chunks(session, kv, 50, pair.token_ids[50:], [])
    assert max_difference(found, pair.logits[50:]) <= TOLERANCE


def test_a_run_nobody_wants_is_given_up_and_the_kv_stays_usable(pair: Pair) -> None:
    session, kv = pair.session, pair.session.new_kv()
    run_in_chunks(session, kv, 0, pair.token_ids[:50], [])
    with session.interruptible(lambda: True):
        until = time.monotonic() + 30
        while not session._run_options.terminate:  # a run this short would be over before anybody looks
            assert time.monotonic() < until
            time.sleep(0.001)
        with pytest.raises(InterruptedRunError):
            session.run(kv, 50, pair.token_ids[50:], 1)
    with session.interruptible(lambda: False):
        found = run_in_chunks(session, kv, 50, pair.token_ids[50:], [])
    assert max_difference(found, pair.logits[50:]) <= TOLERANCE


def test_the_self_check_passes(pair: Pair) -> None:
    assert pair.session.self_check() < 1e-5


def test_wrong_positions_or_a_wrong_mask_would_be_noticed(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    for field in ("position", "num_context"):
        blank = pair.session.blanks.find(pair.token_ids)  # type: ignore[union-attr]
        wrong = replace(blank, **{field: getattr(blank, field) + 1})
        with monkeypatch.context() as patch:
            patch.setattr("glm_lsp.engine.blank.BlankTokens.find", lambda *_, wrong=wrong: wrong)
            found = run_in_chunks(pair.session, pair.session.new_kv(), 0, pair.token_ids, [])
        assert max_difference(found, pair.logits) > 100 * TOLERANCE


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_shorter_model_is_right_too(tmp_path: Path, name: str) -> None:
    pair = make_pair(tmp_path, SUBJECTS[name](num_layers=1))
    found = run_in_chunks(pair.session, pair.session.new_kv(), 0, pair.token_ids, [NUM_CONTEXT + 1, 1])
    assert max_difference(found, pair.logits) <= TOLERANCE


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("precision", ["int8", "int4", "fp16"])
def test_fewer_bits_give_what_the_codes_stand_for(tmp_path: Path, name: str, precision: str) -> None:
    """Activations are rounded to int8 as well: a share of the logits' range."""
    # Errors of the residual grow with the layers, and 28 of them say nothing of the operators.
    subject = SUBJECTS[name](num_layers=2)
    session = OnnxSession.open(prefix_model(tmp_path, subject, precision=precision), threads=1)
    token_ids = some_prompt(subject, NUM_CONTEXT, LENGTH)
    reader = MemoryReader(
        {key: rounded(key, value, precision) for key, value in subject.reader.tensors.items()}
    )
    expected = subject.formula.logits(reader, token_ids)
    found = run_in_chunks(session, session.new_kv(), 0, token_ids, [NUM_CONTEXT + 1, 1, 8])
    limit = TOLERANCE if precision == "fp16" else LEVEL_4_SHARE * np.ptp(expected)
    assert max_difference(found, expected) <= limit


def rounded(name: str, values: NDArray[np.float32], precision: str) -> NDArray[np.float32]:
    """A tensor after import: position tables, norms and biases stay as they are."""
    if values.ndim == 1 or "position_embeddings" in name:
        return values
    if precision == "fp16":
        return values.astype(np.float16).astype(np.float32)
    is_table = "word_embeddings" in name or "lm_head" in name
    bits: Bits = 8 if is_table or precision == "int8" else 4
    return dequantize(quantize(values, bits))


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_cache_grows_as_it_fills(tmp_path: Path, name: str) -> None:
    subject = SUBJECTS[name](max_sequence_length=700, num_layers=2)
    session = OnnxSession.open(prefix_model(tmp_path, subject, capacity=700), threads=1)
    token_ids = some_prompt(subject, 200, 700)
    kv, sizes = session.new_kv(), []
    found = []
    for start, stop in ((0, 201), (201, 256), (256, 257), (257, 690), (690, 699), (699, 700)):
        scores = session.run(kv, start, token_ids[start:stop], stop - start, want_logits=True)
        assert scores.logits is not None
        found.append(scores.logits.copy())
        sizes.append(kv.num_held)
    logits = subject.formula.logits(subject.reader, token_ids, dtype=np.float64)
    assert max_difference(np.concatenate(found), logits) <= TOLERANCE
    assert sizes == [256, 256, 512, 700, 700, 700]
    with pytest.raises(ContextOverflowError):
        session.run(kv, 700, [5], 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("precision", ["fp32", "int8", "int4"])
@pytest.mark.parametrize("threads", [1, 2])
def test_logits_are_equal_bit_for_bit_however_they_are_cut(
    tmp_path: Path, name: str, precision: str, threads: int
) -> None:
    """A promise about this processor's kernels, as in `test_rows.py`."""
    subject = SUBJECTS[name](max_sequence_length=512)
    session = OnnxSession.open(
        prefix_model(tmp_path, subject, precision=precision, capacity=512), threads=threads
    )
    for num_context in (24, 127, 128, 255, 256):
        token_ids = some_prompt(subject, num_context, 400)
        first = num_context + 1
        logits = run_in_chunks(session, session.new_kv(), 0, token_ids, [first, *([8] * 50)])
        for sizes in (
            [],
            [first, *([1] * 400)],
            [first + 5, *([3, 1] * 100)],
            [first, *([129] * 4)],
            [first + 60, 7],
        ):
            again = run_in_chunks(session, session.new_kv(), 0, token_ids, sizes)
            assert np.array_equal(again, logits), (num_context, sizes[:3])


def test_more_tokens_than_positions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchitectureError, match="128 positions, not 129"):
        prefix_model(tmp_path, original_glm(), capacity=129)


def test_the_graph_is_small_and_says_what_it_is(tmp_path: Path) -> None:
    model = prefix_model(tmp_path, SUBJECTS["chatglm-6b"](num_layers=2))
    graph = onnx.load(str(model.graph_path), load_external_data=False)
    onnx.checker.check_model(str(model.graph_path))
    names = {value.name for value in graph.graph.input}
    assert names >= {"input_ids", "position_ids", "num_context", "seqlens_k", "total_seq", "sel", "past.1.v"}
    assert graph.opset_import[0].version == 24
    assert len(graph.graph.node) < 100

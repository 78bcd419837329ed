"""Prefill and decode on a session whose scores depend on every token in the KV memory."""

from __future__ import annotations

import pytest

from glm_lsp.engine.choosing import Chooser
from glm_lsp.engine.generation import SPARE_TOKENS, CancelledError, decode, prefill
from glm_lsp.engine.sampler import pick_greedy
from glm_lsp.engine.session import PREFILL_TOKENS
from glm_lsp.engine.slots import KVSlot
from glm_lsp.errors import ContextOverflowError, SessionError
from tests.fakes.fake_session import FakeSession

WIDTHS = (1, 2, 4, 8)


def never() -> bool:
    return False


def generate(session: FakeSession, slot: KVSlot, prompt: list[int], max_tokens: int) -> list[int]:
    scores = prefill(session, slot, prompt[slot.num_tokens :], never)
    return [
        token.token_id for token in decode(session, slot, scores, Chooser(pick_greedy), max_tokens, never)
    ]


def test_chunks_give_what_one_piece_gives() -> None:
    prompt = [i % 90 for i in range(3 * PREFILL_TOKENS + 5)]
    session = FakeSession(capacity=1024)
    chunked = generate(session, KVSlot(session.new_kv()), prompt, 6)
    assert session.runs[:4] == [PREFILL_TOKENS] * 3 + [5]
    slot = KVSlot(session.new_kv())
    session.run(slot.kv, 0, prompt[:-1], 0)
    slot.token_ids = prompt[:-1]
    assert generate(session, slot, prompt, 6) == chunked


def test_after_a_rewind_the_past_is_as_if_it_had_never_been() -> None:
    session = FakeSession(capacity=256)
    used = KVSlot(session.new_kv())
    generate(session, used, list(range(40)), 10)
    used.rewind(17)
    prompt = [*range(17), 80, 81]
    assert generate(session, used, prompt, 10) == generate(session, KVSlot(session.new_kv()), prompt, 10)


def test_the_last_token_is_not_run() -> None:
    session = FakeSession()
    slot = KVSlot(session.new_kv())
    tokens = generate(session, slot, [1, 2, 3], 4)
    assert slot.token_ids == [1, 2, 3, *tokens[:-1]]


def test_zero_tokens_run_nothing() -> None:
    session = FakeSession()
    assert generate(session, KVSlot(session.new_kv()), [1, 2], 0) == []


def test_decoding_ends_when_the_slot_is_full() -> None:
    session = FakeSession(capacity=8)
    assert len(generate(session, KVSlot(session.new_kv()), [1, 2, 3], 100)) == 6 - SPARE_TOKENS


def test_a_prompt_too_long_is_refused_before_anything_runs() -> None:
    session = FakeSession(capacity=8)
    slot = KVSlot(session.new_kv())
    with pytest.raises(ContextOverflowError, match="9 tokens"):
        prefill(session, slot, list(range(9)), never)
    assert session.runs == []
    assert slot.token_ids == []


def test_cancelling_between_chunks_keeps_the_finished_ones() -> None:
    session = FakeSession(capacity=1024)
    slot = KVSlot(session.new_kv())
    prompt = [i % 90 for i in range(4 * PREFILL_TOKENS)]
    with pytest.raises(CancelledError):
        prefill(session, slot, prompt, lambda: len(session.runs) == 2)
    assert slot.token_ids == prompt[: 2 * PREFILL_TOKENS]
    fresh = KVSlot(session.new_kv())
    assert generate(session, slot, prompt, 5) == generate(session, fresh, prompt, 5)


def test_cancelling_between_tokens_keeps_them() -> None:
    session = FakeSession()
    slot = KVSlot(session.new_kv())
    scores = prefill(session, slot, [1, 2, 3], never)
    tokens: list[int] = []
    stream = decode(session, slot, scores, Chooser(pick_greedy), 50, lambda: len(tokens) >= 4)
    with pytest.raises(CancelledError):
        tokens.extend(token.token_id for token in stream)
    assert slot.token_ids == [1, 2, 3, *tokens[:3]]


def test_a_failed_step_leaves_the_slot_usable() -> None:
    session = FakeSession(fail_at=2)
    slot = KVSlot(session.new_kv())
    with pytest.raises(SessionError):
        generate(session, slot, [1, 2, 3], 10)
    kept = list(slot.token_ids)
    assert kept[:3] == [1, 2, 3]
    prompt = [*kept, 7]
    assert generate(session, slot, prompt, 5) == generate(session, KVSlot(session.new_kv()), prompt, 5)


@pytest.mark.parametrize(("num_new", "num_run"), [(1, 8), (5, 8), (8, 8), (9, 16), (20, 27)])
def test_guesses_do_not_make_a_short_prefill_longer_than_a_step(num_new: int, num_run: int) -> None:
    session = FakeSession(capacity=64)
    session.step_widths = WIDTHS
    scored = prefill(session, KVSlot(session.new_kv()), list(range(num_new)), lambda: False, drafted=[7] * 7)
    assert session.runs == [num_run]
    assert len(scored.drafted) == num_run - num_new

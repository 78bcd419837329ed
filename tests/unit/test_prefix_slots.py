"""Slots and prefill when a model reads its context in both directions: what is kept, and that it is right."""

from __future__ import annotations

import random

import pytest

from glm_lsp.engine.generation import CancelledError, prefill
from glm_lsp.engine.session import PREFILL_TOKENS, InterruptedRunError
from glm_lsp.engine.slots import KVSlot, SlotPool
from glm_lsp.errors import ContextOverflowError
from tests.fakes.prefix_session import FakePrefixSession
from tests.unit.test_generation import generate, never

START = 0


def prompt(*context: int) -> list[int]:
    return [*context, START]


def complete(session: FakePrefixSession, pool: SlotPool, token_ids: list[int]) -> tuple[list[int], int]:
    """What is written, and how many tokens were kept."""
    slot, cached = pool.take(token_ids)
    return generate(session, slot, token_ids, 6), cached


def test_a_keystroke_leaves_nothing_to_keep() -> None:
    session = FakePrefixSession(capacity=64)
    pool = SlotPool(session, 2)
    typed = list(range(20, 40))
    for end in range(10, 20):
        written, cached = complete(session, pool, prompt(*typed[:end]))
        assert cached == 0
        assert written == complete(session, SlotPool(session, 1), prompt(*typed[:end]))[0]
    assert len(pool) == 1  # it is the same text, and stays where its answers are


def test_the_same_context_is_kept_whole() -> None:
    session = FakePrefixSession(capacity=64)
    pool = SlotPool(session, 2)
    first, _ = complete(session, pool, prompt(5, 6, 7))
    runs = len(session.runs)
    again, cached = complete(session, pool, prompt(5, 6, 7))
    assert (again, cached) == (first, 3)
    assert session.runs[runs] == 1
    # What was written is part of a longer prompt.
    longer = [*prompt(5, 6, 7), *first[:4]]
    written, cached = complete(session, pool, longer)
    assert cached == len(longer) - 1
    assert written[:2] == first[4:]


def test_a_context_that_ends_sooner_is_another_one() -> None:
    session = FakePrefixSession(capacity=64)
    pool = SlotPool(session, 1)
    complete(session, pool, prompt(5, 6, 7, 8))
    assert complete(session, pool, prompt(5, 6, 7))[1] == 0


def test_a_context_is_run_in_one_piece() -> None:
    session = FakePrefixSession(capacity=1024)
    context = [1 + i % 90 for i in range(3 * PREFILL_TOKENS)]
    slot = KVSlot(session.new_kv())
    prefill(session, slot, [*prompt(*context), *range(1, 2 * PREFILL_TOKENS)], never)
    assert session.runs == [3 * PREFILL_TOKENS + 1, PREFILL_TOKENS, PREFILL_TOKENS - 1]


def test_guesses_that_are_run_with_a_context_change_nothing() -> None:
    session = FakePrefixSession(capacity=1024)
    token_ids = prompt(*(1 + i % 90 for i in range(PREFILL_TOKENS + 9)))
    plain = prefill(session, KVSlot(session.new_kv()), token_ids, never)
    slot = KVSlot(session.new_kv())
    guessed = prefill(session, slot, token_ids, never, drafted=[3, 4, 5])
    assert guessed.scores.top_ids[0].tolist() == plain.scores.top_ids[0].tolist()
    assert guessed.drafted == [3, 4, 5]
    assert slot.token_ids == token_ids


def test_a_withdrawn_request_leaves_a_usable_slot() -> None:
    session = FakePrefixSession(capacity=1024)
    pool = SlotPool(session, 1)
    token_ids = [*prompt(*range(1, 50)), *range(1, 60)]
    slot, _ = pool.take(token_ids)
    with pytest.raises(CancelledError):
        prefill(session, slot, token_ids, lambda: True)
    assert complete(session, pool, token_ids)[0] == complete(session, SlotPool(session, 1), token_ids)[0]


def test_a_run_that_is_given_up_leaves_a_usable_slot() -> None:
    session = FakePrefixSession(capacity=1024)
    slot = KVSlot(session.new_kv())

    def give_up() -> None:
        raise InterruptedRunError

    session.on_run = give_up
    with pytest.raises(CancelledError):
        prefill(session, slot, prompt(*range(1, 50)), never)
    assert slot.token_ids == []
    session.on_run = None
    fresh = KVSlot(session.new_kv())
    assert generate(session, slot, prompt(1, 2, 3), 5) == generate(session, fresh, prompt(1, 2, 3), 5)


def test_a_context_that_does_not_fit_is_refused() -> None:
    session = FakePrefixSession(capacity=16)
    with pytest.raises(ContextOverflowError):
        prefill(session, KVSlot(session.new_kv()), prompt(*range(1, 17)), never)


def test_any_sequence_of_prompts_gives_what_a_new_slot_gives() -> None:
    rng = random.Random(5)
    session = FakePrefixSession(capacity=256)
    pool = SlotPool(session, 2)
    contexts = [list(range(1, 30)), list(range(40, 70))]
    kept = 0
    for _ in range(300):
        context = rng.choice(contexts)
        action = rng.randrange(4)
        if action == 0:
            context.append(rng.randrange(1, 90))
        elif action == 1 and len(context) > 3:
            context.pop()
        elif action == 2:
            context[rng.randrange(len(context))] = rng.randrange(1, 90)
        written, cached = complete(session, pool, prompt(*context))
        assert written == complete(session, SlotPool(session, 1), prompt(*context))[0]
        kept += cached > 0
    assert kept > 20

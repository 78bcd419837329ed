"""Slots: longest common prefix, rewinding, which slot is taken."""

from __future__ import annotations

import random

import pytest

from glm_lsp.engine.slots import SlotPool, common_prefix
from tests.fakes.fake_session import FakeSession


def fill(pool: SlotPool, token_ids: list[int]) -> int:
    slot, cached = pool.take(token_ids)
    slot.token_ids += token_ids[cached:]
    return cached


@pytest.mark.parametrize(
    ("a", "b", "length"),
    [
        ([], [], 0),
        ([1], [], 0),
        ([1, 2, 3], [1, 2, 3], 3),
        ([1, 2, 3], [1, 2, 4], 2),
        ([1, 2], [1, 2, 3], 2),
        ([9], [1], 0),
    ],
)
def test_common_prefix(a: list[int], b: list[int], length: int) -> None:
    assert common_prefix(a, b) == length


def test_common_prefix_agrees_with_counting() -> None:
    rng = random.Random(3)
    for _ in range(500):
        a = [rng.randrange(2) for _ in range(rng.randrange(40))]
        b = [rng.randrange(2) for _ in range(rng.randrange(40))]
        counted = 0
        while counted < min(len(a), len(b)) and a[counted] == b[counted]:
            counted += 1
        assert common_prefix(a, b) == counted


def test_a_repeated_prompt_leaves_one_token_to_run() -> None:
    pool = SlotPool(FakeSession(), 2)
    prompt = list(range(20))
    assert fill(pool, prompt) == 0
    assert fill(pool, prompt) == 19


def test_appending_reuses_the_same_slot() -> None:
    pool = SlotPool(FakeSession(), 2)
    fill(pool, list(range(20)))
    assert fill(pool, [*range(20), 50, 51]) == 20
    assert len(pool) == 1


def test_another_file_takes_another_slot_and_both_stay_warm() -> None:
    pool = SlotPool(FakeSession(), 2)
    first, second = [0, *range(10, 30)], [0, *range(40, 60)]
    fill(pool, first)
    assert fill(pool, second) == 0
    assert fill(pool, first) == 20
    assert fill(pool, second) == 20
    assert len(pool) == 2


def test_the_slot_unused_for_longest_is_given_up() -> None:
    pool = SlotPool(FakeSession(), 2)
    prompts = [[0, *range(base, base + 20)] for base in (100, 200, 300)]
    fill(pool, prompts[0])
    fill(pool, prompts[1])
    fill(pool, prompts[0])
    fill(pool, prompts[2])
    assert fill(pool, prompts[0]) == 20
    assert fill(pool, prompts[1]) == 1


def test_a_pool_without_slots_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        SlotPool(FakeSession(), 0)

"""When an engine that nobody needs leaves, on a clock of our own."""

from __future__ import annotations

from glm_lsp.engine.client.backoff import Backoff
from glm_lsp.engine.process.lifetime import FIRST_ATTACH_S, Lifetime


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_an_engine_leaves_a_while_after_the_last_front() -> None:
    clock = Clock()
    lifetime = Lifetime(30, clock)
    with lifetime.attached():
        with lifetime.attached():
            clock.seconds += 500
            assert not lifetime.expired()
        clock.seconds += 500
        assert not lifetime.expired()
    clock.seconds += 29.9
    assert not lifetime.expired()
    clock.seconds += 0.1
    assert lifetime.expired()


def test_a_front_that_comes_back_in_time_keeps_it() -> None:
    clock = Clock()
    lifetime = Lifetime(30, clock)
    with lifetime.attached():
        pass
    clock.seconds += 29
    with lifetime.attached():
        pass
    clock.seconds += 29
    assert not lifetime.expired()


def test_it_waits_longer_for_the_first_front_and_counts_from_when_it_was_ready() -> None:
    clock = Clock()
    lifetime = Lifetime(1, clock)
    clock.seconds += 500
    lifetime.restart()
    clock.seconds += FIRST_ATTACH_S - 1
    assert not lifetime.expired()
    clock.seconds += 1
    assert lifetime.expired()


def test_a_running_completion_keeps_it() -> None:
    clock = Clock()
    lifetime = Lifetime(100, clock)
    with lifetime.running():
        clock.seconds += 500
        assert not lifetime.expired()
    clock.seconds += 99
    assert not lifetime.expired()
    clock.seconds += 1
    assert lifetime.expired()


def test_no_linger_means_for_ever() -> None:
    clock = Clock()
    lifetime = Lifetime(0, clock)
    with lifetime.attached():
        pass
    clock.seconds += 1e9
    assert not lifetime.expired()


def test_pauses_between_starts_grow_until_it_is_given_up() -> None:
    backoff = Backoff(Clock())
    assert [backoff.crashed() for _ in range(5)] == [0.25, 0.5, 1.0, 2.0, None]
    backoff.reset()
    assert backoff.crashed() == 0.25


def test_crashes_are_forgotten_after_three_minutes() -> None:
    clock = Clock()
    backoff = Backoff(clock)
    for _ in range(4):
        backoff.crashed()
    clock.seconds += 181
    assert backoff.crashed() == 0.25


def test_a_crash_every_minute_is_lived_with() -> None:
    clock = Clock()
    backoff = Backoff(clock)
    for _ in range(100):
        clock.seconds += 60
        delay_s = backoff.crashed()
        assert delay_s is not None
        assert delay_s <= 8

"""Watching for a cancellation while something long goes on."""

from __future__ import annotations

import threading
import time

import pytest

from glm_lsp.engine import watch
from glm_lsp.engine.watch import Watch


def test_it_stops_what_is_no_longer_wanted_once() -> None:
    stopped = threading.Event()
    stops: list[str] = []

    def stop() -> None:
        stops.append(threading.current_thread().name)
        stopped.set()

    wanted = threading.Event()
    with Watch(wanted.is_set, stop):
        assert not stopped.wait(3 * watch.PERIOD_S)
        wanted.set()
        assert stopped.wait(30)
        time.sleep(3 * watch.PERIOD_S)
    assert stops == ["watch"]


def test_behind_its_end_nothing_is_stopped() -> None:
    stops: list[int] = []
    cancelled = threading.Event()
    with Watch(cancelled.is_set, lambda: stops.append(1)):
        pass
    cancelled.set()
    time.sleep(3 * watch.PERIOD_S)
    assert stops == []
    assert all(thread.name != "watch" for thread in threading.enumerate())


def test_an_error_inside_ends_it_too() -> None:
    with pytest.raises(RuntimeError), Watch(lambda: False, lambda: None):
        raise RuntimeError
    assert all(thread.name != "watch" for thread in threading.enumerate())

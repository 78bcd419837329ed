"""How long the next key is waited for."""

from __future__ import annotations

import pytest

from glm_lsp.completion.debounce import Debounce


def test_without_the_setting_nothing_is_waited_for() -> None:
    debounce = Debounce()
    debounce.observe(3.0)
    assert debounce.delay_s(0.0) == 0


def test_what_the_editor_has_waited_counts() -> None:
    debounce = Debounce(0.3)
    assert debounce.delay_s(0.0) == pytest.approx(0.3)
    assert debounce.delay_s(0.2) == pytest.approx(0.1)
    assert debounce.delay_s(5.0) == 0


def test_it_is_never_longer_than_an_answer_takes() -> None:
    debounce = Debounce(0.3)
    debounce.observe(0.05)
    assert debounce.delay_s(0.0) == pytest.approx(0.05)
    for _ in range(50):
        debounce.observe(2.0)
    assert debounce.delay_s(0.0) == pytest.approx(0.3)


def test_the_setting_may_change() -> None:
    debounce = Debounce()
    debounce.longest_s = 0.2
    assert debounce.delay_s(0.0) == pytest.approx(0.2)

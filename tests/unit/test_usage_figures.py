"""The counts of a window, from documents and answers to numbers."""

from __future__ import annotations

import statistics

import pytest

from glm_lsp.usage.edit import Edit
from glm_lsp.usage.figures import UsageFigures
from glm_lsp.usage.usage import Usage

URI = "file:///a.py"


class Window:
    """Documents as plain strings."""

    def __init__(self, **texts: str) -> None:
        self.texts = {f"file:///{name}": text for name, text in texts.items()}
        self.usage = Usage(lambda uri, start, end: self.texts[uri][start:end])
        self.now = 0.0

    def insert(self, text: str, uri: str = "file:///a", at: int | None = None) -> None:
        old = self.texts[uri]
        at = len(old) if at is None else at
        self.texts[uri] = old[:at] + text + old[at:]
        self.usage.edited(uri, [Edit(at, "", text)], self.now)

    def show(self, *texts: str, uri: str = "file:///a", start: int | None = None) -> int | None:
        end = len(self.texts[uri])
        place = (end if start is None else start, end)
        number = self.usage.shown(uri, self.texts[uri], place, texts, self.now)
        self.now += 1
        return number


def test_empty_figures() -> None:
    figures = UsageFigures()
    assert (figures.hit_rate, figures.reuse, figures.kept_chars_ratio, figures.latency_ms(0.5)) == (None,) * 4
    assert set(figures.totals().values()) == {0}


def test_kept_characters() -> None:
    window = Window(a="")
    window.insert("x = ")
    window.show("foo(1)")
    window.insert("foo(1)")
    window.show("never")
    window.insert("\n")
    window.usage.closed("file:///a", window.now)
    figures = window.usage.figures
    assert (figures.num_shown, figures.num_accepted, figures.kept_chars) == (2, 1, 6)
    assert figures.inserted_chars == 11
    assert figures.kept_chars_ratio == pytest.approx(6 / 11)


def test_undone_acceptance_is_none() -> None:
    window = Window(a="x = ")
    window.show("foo(1)")
    window.insert("foo(1)")
    window.usage.edited("file:///a", [Edit(4, "foo(1)", "")], window.now)
    window.texts["file:///a"] = "x = "
    figures = window.usage.figures
    assert (figures.num_accepted, figures.kept_chars, figures.accepted_chars) == (0, 0, 6)
    assert window.usage.next_due is None
    assert figures.totals()["reverted"] == 1


def test_survival_by_age() -> None:
    window = Window(a="x = ", b="y = ")
    for uri in window.texts:
        window.show("foo(1)", uri=uri)
        window.insert("foo(1)", uri)
    window.usage.edited("file:///b", [Edit(4, "foo(1)", "2")], window.now + 1)
    window.texts["file:///b"] = "y = 2"
    assert window.usage.next_due == 16
    window.usage.tick(17)
    window.usage.closed("file:///b", 18)
    window.usage.tick(200)
    figures = window.usage.figures
    assert (figures.checked[15], figures.survived[15]) == (2, 1)
    assert (figures.checked[30], figures.survived[30]) == (1, 1)
    assert (figures.checked[120], figures.survived[120]) == (1, 1)
    assert window.usage.next_due is None


def test_popup_whose_item_is_replaced_by_more() -> None:
    window = Window(a="pri")
    window.show("print(x)", "other", start=0)
    window.usage.edited("file:///a", [Edit(0, "pri", "print(x)")], window.now)
    assert (window.usage.figures.num_accepted, window.usage.figures.kept_chars) == (1, 5)


def test_no_items_end_what_was_shown() -> None:
    window = Window(a="x = ")
    assert window.show("foo") is not None
    assert window.show() is None
    assert window.usage.figures.verdicts["rejected"] == 1


def test_editor_that_tells_corrects_the_counts() -> None:
    window = Window(a="x = f(")
    number = window.show(")")
    assert number is not None
    window.insert(")")
    assert window.usage.figures.num_accepted == 0
    window.usage.told(number, window.now)
    figures = window.usage.figures
    assert (figures.num_accepted, figures.kept_chars, figures.verdicts["typed"]) == (1, 1, 0)


def test_rates_and_latencies() -> None:
    figures = UsageFigures()
    for number in range(1, 301):
        figures.num_requests += 1
        figures.answered(["model", "cache", "typed-through"][number % 3], float(number), 100, 95)
    figures.answered(None, 0.0, 0, 0)
    assert figures.hit_rate == pytest.approx(2 / 3)
    assert figures.reuse == pytest.approx(0.95)
    last = [float(number) for number in range(101, 301)]
    assert figures.latency_ms(0.5) == statistics.median_low(last)
    assert figures.latency_ms(0.95) == last[189]
    assert figures.latency_ms(1.0) == 300
    assert figures.totals()["answers_typed_through"] == 100
    assert figures.totals()["answers_nothing"] == 1


def test_totals_never_shrink() -> None:
    window = Window(a="x")
    before = window.usage.figures.totals()
    for step in range(30):
        number = window.show("()" if step % 3 else "foo(1)")
        window.insert("()" if step % 2 else "foo(1)")
        if step % 5 == 0 and number is not None:
            window.usage.told(number, window.now)
        if step % 7 == 0:
            text = window.texts["file:///a"]
            window.usage.edited("file:///a", [Edit(len(text) - 6, text[-6:], "")], window.now)
            window.texts["file:///a"] = text[:-6]
        window.usage.tick(window.now)
        after = window.usage.figures.totals()
        assert all(after[name] >= count for name, count in before.items())
        before = after

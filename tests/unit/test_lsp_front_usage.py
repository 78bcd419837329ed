"""The counts of a window: from what handlers say to what the engine gets to know, and when."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from glm_lsp.completion.outcome import Outcome, TokenCounts
from glm_lsp.errors import EngineLostError
from glm_lsp.lsp import front_usage
from glm_lsp.lsp.front_usage import FrontUsage
from glm_lsp.usage import survival
from glm_lsp.usage.edit import Edit

URI = "file:///a.py"


class Engine:
    """Takes reports, or fails."""

    def __init__(self) -> None:
        self.reports: list[dict[str, int]] = []
        self.is_there = True
        self.error: Exception | None = None

    async def report(self, counts: dict[str, int]) -> bool:
        if self.error is not None:
            raise self.error
        if self.is_there:
            self.reports.append(counts)
        return self.is_there

    @property
    def total(self) -> dict[str, int]:
        return {
            name: sum(report.get(name, 0) for report in self.reports)
            for name in {name for report in self.reports for name in report}
        }


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_usage, "REPORT_EVERY_S", 0.05)


def accept(usage: FrontUsage) -> None:
    usage.requested()
    usage.answered(
        Outcome(version=1, offset=4, usage=TokenCounts(num_prompt_tokens=10, num_cached_tokens=9)), 5.0
    )
    assert usage.shown(URI, "x = ", (4, 4), ["foo(1)"]) is not None
    usage.edited(URI, [Edit(4, "", "foo(1)")])


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_counts_are_reported_once() -> None:
    engine = Engine()
    usage = FrontUsage(lambda *_: "foo(1)", engine.report)
    accept(usage)
    await until(lambda: engine.reports)
    assert engine.total["accepted_chars"] == 6
    assert engine.total["cached_tokens"] == 9
    accept(usage)
    await usage.close()
    assert {
        name: engine.total[name] for name in ("requests", "answers_model", "accepted", "accepted_chars")
    } == {
        "requests": 2,
        "answers_model": 2,
        "accepted": 2,
        "accepted_chars": 12,
    }
    assert all(count > 0 for report in engine.reports for count in report.values())


async def test_reports_hold_numbers_only() -> None:
    engine = Engine()
    usage = FrontUsage(lambda *_: "foo(1)", engine.report)
    accept(usage)
    await usage.close()
    (report,) = engine.reports
    assert all(type(count) is int for count in report.values())


@pytest.mark.parametrize("error", [None, EngineLostError("gone")])
async def test_what_was_not_taken_goes_out_later(error: Exception | None) -> None:
    engine = Engine()
    engine.is_there, engine.error = False, error
    usage = FrontUsage(lambda *_: "foo(1)", engine.report)
    accept(usage)
    await asyncio.sleep(0.3)
    assert engine.reports == []
    engine.is_there, engine.error = True, None
    accept(usage)
    await usage.close()
    assert engine.total["accepted"] == 2


async def test_closing_does_not_wait_for_an_engine_that_hangs() -> None:
    async def hang(counts: dict[str, int]) -> bool:
        await asyncio.sleep(60)
        return True

    usage = FrontUsage(lambda *_: "", hang)
    accept(usage)
    async with asyncio.timeout(2):
        await usage.close()


async def test_accepted_texts_are_looked_at_without_anybody_typing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survival, "AGES_S", (0.1, 0.2, 0.3))
    usage = FrontUsage(lambda *_: "foo(1)", Engine().report)
    accept(usage)
    await until(lambda: sum(usage.figures.survived.values()) == 3)
    assert usage._timer is None or usage._news()
    await usage.close()


async def test_window_where_nothing_happens_has_no_timer() -> None:
    engine = Engine()
    usage = FrontUsage(lambda *_: "", engine.report)
    usage.requested()
    await until(lambda: engine.reports)
    await until(lambda: usage._timer is None)
    await usage.close()
    assert len(engine.reports) == 1

"""What counts as a storm weathered."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from glm_lsp.bench.editor import Reply
from glm_lsp.bench.result import new_result
from glm_lsp.bench.storm import kind_of
from glm_lsp.bench.storm_figures import Storm, broken_promises, storm_figures, storm_table
from tests.page_rows import left_out
from tests.unit.test_bench_result import ENVIRONMENT

FINE = Storm(
    answers=Counter(shown=2, empty=5, cancelled=3),
    num_sent=10,
    cancelled_ms=[1.0, 2.0, 3.0],
    idle_ms=[10.0, 12.0],
    last_ms=[11.0, 13.0],
    in_engine=[0.0, 2.0],
    memory_mib=[100.0, 104.0],
)


def test_a_storm_in_which_all_holds() -> None:
    figures = storm_figures(FINE)
    assert broken_promises(figures) == []
    assert left_out(new_result("storm", ENVIRONMENT, parameters={}, figures=figures)) == []
    assert (figures["unanswered"], figures["most_in_engine"], figures["memory_growth_mib"]) == (0, 2.0, 4.0)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"num_sent": 11}, "1 requests were not answered"),
        ({"answers": Counter(shown=9, failed=1)}, "1 requests failed"),
        ({"answers": Counter(shown=10, unasked=1), "num_sent": 11}, "1 answers to nothing"),
        ({"in_engine": [4.0]}, "4 requests in the engine"),
        ({"cancelled_ms": [1.0, 400.0]}, "cancelled requests were answered late"),
        ({"last_ms": [11.0, 40.0]}, "the last answers took 3.2 times an idle one's"),
        ({"memory_mib": [100.0, 150.0]}, "memory grew by 50 MiB"),
    ],
)
def test_each_promise_is_looked_at(change: dict[str, Any], complaint: str) -> None:
    assert broken_promises(storm_figures(replace(FINE, **change))) == [complaint]


def test_what_a_system_does_not_tell_is_not_held_against_it() -> None:
    figures = storm_figures(replace(FINE, memory_mib=[], cancelled_ms=[]))
    assert broken_promises(figures) == []
    figures |= {"broken": []}
    shown = storm_table(new_result("storm", ENVIRONMENT, parameters={"rate": 200}, figures=figures))
    assert "Everything held." in shown


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(1, 0.0, {"items": [{}]}), "shown"),
        (Reply(1, 0.0, {"items": []}), "empty"),
        (Reply(1, 0.0, error={"code": -32800}), "cancelled"),
        (Reply(1, 0.0, error={"code": -32801}), "overtaken"),
        (Reply(1, 0.0, error={"code": -32603}), "failed"),
    ],
)
def test_answers_are_told_apart(reply: Reply, kind: str) -> None:
    assert kind_of(reply) == kind

"""The window: what it holds, and how seldom its edges move."""

from __future__ import annotations

import math
import re
import statistics
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.completion.context import REACH_AFTER, REACH_BEFORE, Window, WindowBudget, make_window
from glm_lsp.completion.snapshot import DocumentSnapshot

SOURCE = "".join(f"    value_{number} = compute({number})\n" for number in range(400))
MINIFIED = "".join(f"function f{number}(a,b){{return a+b}};" for number in range(800))


def at(text: str, offset: int) -> DocumentSnapshot:
    return DocumentSnapshot(
        uri="file:///w/a.py", path="a.py", language_id="python", version=1, text=text, offset=offset
    )


def normalised(text: str) -> str:
    return re.sub("[\ud800-\udfff]", "\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


pieces = ["a", "b ", "():", "\t", "\u2028", "😀", "é", "\ud800", "\n", "\n", "\r\n", "\r"]
texts = st.lists(st.sampled_from(pieces), max_size=200).map("".join)
budgets = st.builds(
    lambda suffix, more: WindowBudget(suffix + more, suffix), st.integers(0, 80), st.integers(1, 120)
)


@given(texts, st.integers(0, 300), budgets)
@settings(max_examples=400, deadline=None)
def test_the_window_is_the_text_around_the_cursor(text: str, at_offset: int, budget: WindowBudget) -> None:
    cursor = min(at_offset, len(text))
    window = make_window(at(text, cursor), budget)
    before, after = normalised(text[:cursor]), normalised(text[cursor:])
    assert before.endswith(window.prefix)
    assert after.startswith(window.rest_of_line)
    assert "\n" not in window.rest_of_line
    below = after[len(window.rest_of_line) :]
    assert below.removeprefix("\n").startswith(window.suffix)
    assert len(window.suffix) <= budget.suffix_chars
    assert len(window.prefix) + len(window.suffix) <= budget.total_chars


@given(texts, st.integers(0, 300), budgets)
@settings(deadline=None)
def test_the_prefix_is_cut_only_when_it_must(text: str, at_offset: int, budget: WindowBudget) -> None:
    cursor = min(at_offset, len(text))
    window = make_window(at(text, cursor), budget)
    least = budget.total_chars - budget.suffix_chars
    if cursor <= least:
        assert window.prefix == normalised(text[:cursor])
    else:
        # Normalising halves a text of nothing but CRLF.
        assert len(window.prefix) * 2 >= least // 4 - 1


@pytest.mark.parametrize("text", [SOURCE, SOURCE.replace("\n", "\r\n"), SOURCE.replace("\n", "\r"), MINIFIED])
@pytest.mark.parametrize("budget", [WindowBudget(600, 120), WindowBudget(2000, 400)])
def test_typing_forward_moves_the_left_edge_seldom(text: str, budget: WindowBudget) -> None:
    offset = 7000
    typed = "x = call(y)\n" * 42
    windows = [
        make_window(at(text[:offset] + typed[:count] + text[offset:], offset + count), budget)
        for count in range(501)
    ]
    edges = {window.prefix[:40] for window in windows}
    room = budget.total_chars - budget.suffix_chars
    assert len(edges) - 1 <= math.ceil(500 / (room / 2)) + 1
    assert len(edges) > 1 or room > 1000
    assert len({window.suffix for window in windows[:12]}) == 1


@pytest.mark.parametrize("rest", ["", ")", " # why"])
def test_no_key_typed_on_a_line_changes_the_suffix(rest: str) -> None:
    before, after = SOURCE[:7000], SOURCE[7000:]
    start = before.rfind("\n") + 1
    suffixes = {
        make_window(
            at(f"{before[:start]}{'y' * count}{rest}\n{after}", start + count), WindowBudget(900, 180)
        ).suffix
        for count in range(200)
    }
    assert len(suffixes) == 1
    (suffix,) = suffixes
    assert suffix.endswith("\n")
    assert suffix == after[: len(suffix)]


def test_pressing_enter_at_the_end_of_a_line_keeps_the_suffix() -> None:
    cursor = SOURCE.index("\n", 7000)
    old = make_window(at(SOURCE, cursor), WindowBudget(900, 180))
    new = make_window(at(f"{SOURCE[:cursor]}\n    {SOURCE[cursor:]}", cursor + 5), WindowBudget(900, 180))
    assert new.suffix == old.suffix


def test_the_left_edge_is_the_start_of_a_line() -> None:
    for cursor in range(3000, 9000, 7):
        window = make_window(at(SOURCE, cursor), WindowBudget(900, 180))
        edge = cursor - len(window.prefix)
        assert SOURCE[edge - 1] == "\n"
        assert 900 - 180 >= len(window.prefix) >= (900 - 180) // 4


@given(st.text("ab\n", min_size=30, max_size=200), st.integers(0, 200), st.integers(4, 60))
@settings(deadline=None)
def test_the_left_edge_is_where_the_grid_says(text: str, at_offset: int, total: int) -> None:
    cursor = min(at_offset, len(text))
    window = make_window(at(text[:cursor], cursor), WindowBudget(total, 0))
    step = total // 2
    cell = next((cell for cell in range(0, cursor + 1, step) if cursor - cell <= total), 0)
    starts = [start for start in range(cell, cell + step // 2 + 1) if text[start - 1] == "\n"] if cell else []
    edge = (starts or [cell])[0] if cursor > total else 0
    assert window.prefix == text[edge:cursor]


def test_an_enormous_line_below_is_cut_within() -> None:
    window = make_window(at(f"x\n{'y' * 5000}\nz", 1), WindowBudget(1000, 200))
    assert window.suffix == "y" * 200


def test_the_rest_of_an_enormous_line_is_cut() -> None:
    window = make_window(at(MINIFIED, 5000), WindowBudget(1000, 200))
    assert window.rest_of_line == MINIFIED[5000:6024]
    assert window.suffix == ""


@pytest.mark.parametrize(("num_lines", "most"), [(0, 1000), (1, 800), (5, 800), (15, 600), (500, 600)])
def test_half_a_share_that_the_suffix_leaves_goes_to_the_prefix(num_lines: int, most: int) -> None:
    below = "\n" + "z = compute(1234567)\n" * num_lines if num_lines else ""
    lengths = [
        len(make_window(at(SOURCE[:cursor] + below, cursor), WindowBudget(1000, 400)).prefix)
        for cursor in range(6000, 7000)
    ]
    assert most - 30 < max(lengths) <= most


@pytest.mark.parametrize(
    ("text", "cursor", "eol"),
    [
        ("a\r\nb", 4, "\r\n"), ("a\nb", 3, "\n"), ("a\rb", 3, "\r"), ("a", 1, "\n"), ("", 0, "\n"),
        ("a\r\nb", 1, "\r\n"), ("a\rb", 0, "\r"), ("a\r\nb\nc", 5, "\n"), ("a\r\nb\nc", 4, "\r\n"),
        ("\r\na", 2, "\r\n"),
    ],
)  # fmt: skip
def test_the_line_break_is_the_one_used_nearby(text: str, cursor: int, eol: str) -> None:
    assert make_window(at(text, cursor), WindowBudget(100, 20)).eol == eol


def test_other_separators_end_no_line() -> None:
    window = make_window(at("a\u2028b\x0cc\nd", 1), WindowBudget(100, 20))
    assert window == Window(prefix="a", suffix="d", rest_of_line="\u2028b\x0cc")


def test_half_characters_are_replaced() -> None:
    window = make_window(at("a\ud83d\nb\udc00", 2), WindowBudget(100, 20))
    assert (window.prefix, window.suffix) == ("a\ufffd", "b\ufffd")
    assert (window.prefix + window.suffix).encode()


def test_the_budget_follows_the_context_length() -> None:
    small, large = WindowBudget.for_context(512), WindowBudget.for_context(8192)
    assert 512 * 2 < small.total_chars < 512 * 3
    assert large.total_chars > 14 * small.total_chars
    assert large.suffix_chars == large.total_chars // 5
    assert WindowBudget.for_context(8192, max_prompt_tokens=512).total_chars < 512 * 3
    assert WindowBudget.for_context(8192, max_prompt_tokens=100_000) == large
    assert WindowBudget.for_context(1).total_chars > 0
    assert small.total_chars < WindowBudget.for_context(0).total_chars < large.total_chars  # not told


@given(st.text(max_size=60), st.integers(0, 60))
@settings(deadline=None)
def test_no_text_is_refused(text: str, offset: int) -> None:
    snapshot = at(text, min(offset, len(text)))
    window = make_window(snapshot, WindowBudget(20, 4))
    assert (window.prefix + window.suffix).encode().decode() == window.prefix + window.suffix
    assert make_window(replace(snapshot, version=2), WindowBudget(20, 4)) == window


@pytest.mark.parametrize(
    "text",
    [
        "x = compute(y)\n" * 700_000,
        "x = compute(y)\r" * 700_000,
        "x=f(y);" * 1_400_000,
        "x = '\U0001f60a'\n" * 900_000,
    ],
    ids=["lines", "carriage returns", "one line", "astral"],
)
def test_a_document_of_ten_megabytes_costs_no_more_than_another(text: str) -> None:
    milliseconds = []
    for offset in range(0, len(text), len(text) // 40):
        start = time.thread_time_ns()
        make_window(at(text, offset), WindowBudget.for_context(2048))
        milliseconds.append((time.thread_time_ns() - start) / 1e6)
    assert statistics.median(milliseconds) < 2.5


def test_only_an_engine_that_copies_gets_the_text_around() -> None:
    text = "".join(f"line {number}\n" for number in range(20_000))
    snapshot = at(text, len(text) // 2)
    plain = make_window(snapshot, WindowBudget.for_context(512))
    assert (plain.before, plain.after) == ("", "")
    window = make_window(snapshot, WindowBudget.for_context(512, copies=True))
    assert (len(window.before), len(window.after)) == (REACH_BEFORE, REACH_AFTER)
    assert window.before + window.prefix + window.rest_of_line + "\n" + window.suffix + window.after in text
    assert (window.prefix, window.suffix) == (plain.prefix, plain.suffix)

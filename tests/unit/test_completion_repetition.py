"""Text that goes round in circles, and lines that repeat one another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.completion.repetition import circle_start, is_structure, is_within_distance, repeats


def levenshtein(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (x != y)))
    return row[-1]


@given(st.text("abc", max_size=12), st.text("abc", max_size=12), st.integers(0, 6))
@settings(deadline=None)
def test_distance_agrees_with_the_whole_table(a: str, b: str, limit: int) -> None:
    assert is_within_distance(a, b, limit) == (levenshtein(a, b) <= limit)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x=" + "ab, " * 6, "x=ab, "),
        ("x=" + "ab, " * 9, "x=ab, "),
        ("x=" + "ab, " * 8 + "a", "x=ab, "),
        ("x = " + "abcdefghij" * 4, "x = abcdefghij"),
        ("call(one)\n    " * 4, "call(one)\n    "),
        ("é" + "日本語" * 6, "é日本語"),
    ],
)
def test_circles_end_after_the_first_round(text: str, kept: str) -> None:
    end = circle_start(text)
    assert end is not None
    assert text[:end] == kept


@pytest.mark.parametrize(
    "text",
    ["", "abc", "ab, " * 5, "abcdefghij" * 3, " " * 100, "-" * 100, "\n" * 50, "x.append(1)\nx.append(2)\n"],
)
def test_no_circles(text: str) -> None:
    assert circle_start(text) is None


@given(st.text("ab\n ", max_size=20), st.text("xyz", min_size=3, max_size=30), st.integers(6, 9))
@settings(deadline=None)
def test_a_round_is_kept_whole(lead: str, pattern: str, times: int) -> None:
    end = circle_start(lead + pattern * times)
    if len(set(pattern)) == 1:
        assert end is None
    else:
        assert end is not None
        assert end <= len(lead) + len(pattern)


@pytest.mark.parametrize("line", ["}", "  });", "", "</div>", "    else:", "end", "pass", "---", "return"])
def test_structure(line: str) -> None:
    assert is_structure(line)


@pytest.mark.parametrize("line", ["x", "return x", "else if (a) {", "<div>", "} catch (e) {", "é"])
def test_not_structure(line: str) -> None:
    assert not is_structure(line)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("return x", "    return x  "),
        ("  }", "  }"),
        ("logger.info('Starting the servers')", "logger.info('Starting the server')"),
        ("import asyncio", "import asyncios"),
    ],
)
def test_repeats(a: str, b: str) -> None:
    assert repeats(a, b)
    assert repeats(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("  }", "}"),
        ("x = a", "x = b"),
        ("assert f(1) == 1, 'the first one'", "assert f(2) == 1, 'the first one'"),
        ("", ""),
        ("}", "x"),
        ("a" * 500, "a" * 499 + "b"),
        ("-----------", "-----a-----"),
        ("import asyncio", "import asynciose"),
        ("first_value = 1", "other_value = 1"),
    ],
)
def test_does_not_repeat(a: str, b: str) -> None:
    assert not repeats(a, b)
    assert not repeats(b, a)

"""Lines as LSP counts them, against an independent split."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.completion.lines import line_after, line_before, line_end, line_start, next_line_start

texts = st.text(st.sampled_from("ab \t\n\r\u2028\x0c\x85😀"), max_size=40)


@given(texts, st.data())
@settings(deadline=None)
def test_the_ends_of_a_line(text: str, data: st.DataObject) -> None:
    breaks = [match.span() for match in re.finditer(r"\r\n|\r|\n", text)]
    starts = [0, *(end for _, end in breaks)]
    ends = [*breaks, (len(text), len(text))]
    spans = [(start, end, following) for start, (end, following) in zip(starts, ends, strict=True)]
    start, end, following = data.draw(st.sampled_from(spans))
    offset = data.draw(st.integers(start, end))
    assert (line_start(text, offset), line_end(text, offset), next_line_start(text, offset)) == (
        start,
        end,
        following,
    )


@given(texts, st.integers(0, 40))
@settings(deadline=None)
def test_the_nearest_lines_that_are_not_blank(text: str, at: int) -> None:
    offset = min(at, len(text))
    before = [
        line.rstrip() for line in re.split(r"\r\n|\r|\n", text[: line_start(text, offset)]) if line.strip()
    ]
    after = [
        line.rstrip()
        for line in re.split(r"\r\n|\r|\n", text[next_line_start(text, offset) :])
        if line.strip()
    ]
    assert line_before(text, offset) == (before or [""])[-1]
    assert line_after(text, offset) == (after or [""])[0]


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [
        ("a\r\nb\n", 0, (0, 1, 3)),
        ("a\r\nb\n", 1, (0, 1, 3)),
        ("a\r\nb\n", 3, (3, 4, 5)),
        ("a\rb\nc", 2, (2, 3, 4)),
        ("a\nb\rc", 0, (0, 1, 2)),
        ("a\nb\rc", 2, (2, 3, 4)),
        ("a\nb\rc", 5, (4, 5, 5)),
        ("", 0, (0, 0, 0)),
    ],
)
def test_line_breaks_of_all_kinds(text: str, offset: int, expected: tuple[int, int, int]) -> None:
    assert (line_start(text, offset), line_end(text, offset), next_line_start(text, offset)) == expected


def test_an_enormous_line_counts_as_first_and_last() -> None:
    text = f"above\n{'x' * 200_000}\nbelow"
    middle = 100_000
    assert line_start(text, middle) == 0
    assert line_end(text, middle) == next_line_start(text, middle) == len(text)

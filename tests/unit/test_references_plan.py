"""What is gathered for which model."""

from __future__ import annotations

import pytest

from glm_lsp.completion.prompt import Reference
from glm_lsp.references.candidate import ALL_KINDS, Kind
from glm_lsp.references.plan import MAX_PROMPT_CHARS, Way, lookup_text, plan_for, prompt_chars


def test_a_small_context_is_left_to_the_code() -> None:
    plan = plan_for(512, copies=True)
    assert plan is not None
    assert (plan.way, plan.kinds) == (Way.LOOKUP, {Kind.NEIGHBOUR})
    assert plan_for(512, copies=False) is None


@pytest.mark.parametrize("context_length", [2048, 8192, 131_072])
@pytest.mark.parametrize("copies", [False, True])
def test_a_large_context_shows_all_kinds(context_length: int, copies: bool) -> None:
    plan = plan_for(context_length, copies=copies)
    assert plan is not None
    assert (plan.way, plan.kinds) == (Way.PROMPT, ALL_KINDS)
    assert 0 < plan.max_chars <= min(MAX_PROMPT_CHARS, prompt_chars(context_length))


@pytest.mark.parametrize(("context_length", "expected"), [(512, 480), (2048, 2688), (64, 0)])
def test_what_an_engine_shows_at_most(context_length: int, expected: int) -> None:
    assert prompt_chars(context_length) == expected


def test_texts_to_look_up_in_keep_their_order() -> None:
    assert (
        lookup_text([Reference("a.py", "x = 1"), Reference("b.py", "y = 2\nz = 3")])
        == "x = 1\n\ny = 2\nz = 3\n\n"
    )
    assert lookup_text([]) == ""

"""Where a prompt's blank is, against the formulas' own way of finding it, and which runs a session takes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.engine.blank import Blank, BlankTokens
from glm_lsp.errors import SessionError
from glm_lsp.models.formulas import BlankTokens as FormulaTokens
from glm_lsp.models.formulas.blank import place

TOKENS = BlankTokens(masks=(8, 9), start=7)
PROMPT = [1, 9, 2, 7, 3]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(0, 11))
def test_positions_are_those_of_the_formulas(token_ids: list[int], cut: int) -> None:
    expected = place(token_ids, FormulaTokens(TOKENS.masks, TOKENS.start))
    blank = TOKENS.find(token_ids)
    cut = min(cut, len(token_ids))
    found = np.concatenate([blank.positions(0, cut), blank.positions(cut, len(token_ids) - cut)], axis=1)
    assert found.tolist() == [expected.positions.tolist(), expected.block_positions.tolist()]
    sees = np.tri(len(token_ids), dtype=bool) | (np.arange(len(token_ids)) < blank.num_context)
    assert sees.tolist() == expected.allowed.tolist()


def test_only_what_has_the_same_context_can_be_used() -> None:
    assert [TOKENS.reusable(PROMPT, shared) for shared in range(6)] == [0, 0, 0, 0, 4, 5]
    assert TOKENS.reusable([1, 2, 3], 3) == 0
    assert TOKENS.inseparable(PROMPT) == 4
    assert TOKENS.inseparable([1, 2, 3]) == 0


def test_a_text_goes_on_with_the_blank_it_began_with() -> None:
    blank = TOKENS.find(PROMPT)
    assert blank == Blank(3, 1)
    assert TOKENS.after(blank, 5, [4, 7]) == blank
    assert TOKENS.after(blank, 3, [7, 4]) == blank
    assert TOKENS.after(blank, 0, [1, 7]) == Blank(1, 0)
    plain = TOKENS.find([1, 2])
    assert TOKENS.after(plain, 2, [3, 4]) == plain


@pytest.mark.parametrize(
    ("first", "past", "token_ids"),
    [
        (PROMPT, 2, [2, 7]),  # inside the context
        (PROMPT, 3, [5, 7]),  # the context would be longer
        ([1, 2], 2, [7]),  # its beginning was run without its end
    ],
)
def test_a_context_that_was_cut_is_refused(first: list[int], past: int, token_ids: list[int]) -> None:
    with pytest.raises(SessionError, match="context"):
        TOKENS.after(TOKENS.find(first), past, token_ids)

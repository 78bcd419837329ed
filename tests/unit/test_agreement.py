"""Greedy agreement, on sessions whose answers and differences are known beforehand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.session import ReadsForward, Scores, UnpaddedRuns
from glm_lsp.evaluate import agreement
from glm_lsp.evaluate.lines import LineTask
from tests.fakes.fake_core import byte_tokenizer
from tests.fakes.fake_session import FakeKV

END = 0
PROMPTS = [[5, 6, 7], [5, 6, 8], [9]]


class CountingSession(UnpaddedRuns, ReadsForward):
    """Writes 10, 11, 12, ... by position and ends at `end`; `slips` are (prompt's last id, position) it gets wrong.

    After a slip of its own it is lost for good.
    """

    capacity = 64
    vocab_size = 97

    def __init__(self, end: int = 9, slips: frozenset[tuple[int, int]] = frozenset()) -> None:
        self._end, self._slips = end, slips

    def new_kv(self) -> FakeKV:
        return FakeKV(self.capacity)

    def run(
        self, kv: FakeKV, past: int, token_ids: Sequence[int], num_scored: int, *, want_logits: bool = False
    ) -> Scores:
        kv.ids[past : past + len(token_ids)] = list(token_ids)
        best = [self._next(kv.ids[: past + len(token_ids) - back]) for back in range(num_scored - 1, -1, -1)]
        ids = np.tile(np.array(best, np.int64)[:, None], (1, 8))
        return Scores(ids[:, 0].copy(), ids, np.zeros((num_scored, 8), np.float32), None)

    def _next(self, ids: list[int]) -> int:
        if ids[-1] in (50, 51):
            return 51
        prompt_end = next((token_id for token_id in reversed(ids) if token_id < 10), 0)
        if (prompt_end, len(ids)) in self._slips:
            return 50
        return END if len(ids) >= self._end else 10 + len(ids)


def answered(session: CountingSession) -> list[list[int]]:
    return agreement.answers(session, PROMPTS, frozenset({END}))


def test_an_answer_ends_with_its_first_end_token() -> None:
    assert answered(CountingSession(end=5)) == [[13, 14, END], [13, 14, END], [11, 12, 13, 14, END]]


def test_an_endless_answer_is_cut() -> None:
    endless = answered(CountingSession(end=1000))
    assert [len(ids) for ids in endless] == [agreement.MAX_ANSWER_TOKENS] * 3


def test_a_model_agrees_with_itself() -> None:
    session = CountingSession()
    found = agreement.measure(session, PROMPTS, answered(session), frozenset({END}))
    assert (found.tokens, found.written, found.prompts) == (1, 1, 1)
    assert (found.num_prompts, found.num_tokens) == (3, 7 + 7 + 9)


def test_every_kind_of_share_counts_what_it_says() -> None:
    reference = answered(CountingSession())
    # The second prompt's answer has seven tokens; its second and third differ.
    candidate = CountingSession(slips=frozenset({(8, 4), (8, 5)}))
    found = agreement.measure(candidate, PROMPTS, reference, frozenset({END}))
    assert found.tokens == pytest.approx(21 / 23)
    assert found.written == pytest.approx((7 + 1 + 9) / 23)
    assert found.prompts == pytest.approx(2 / 3)


def test_another_end_is_a_difference() -> None:
    reference = answered(CountingSession(end=9))
    found = agreement.measure(CountingSession(end=8), PROMPTS, reference, frozenset({END}))
    assert found.prompts == 0
    assert found.tokens == pytest.approx(20 / 23)


def test_line_ends_are_specials_and_tokens_with_a_break() -> None:
    tokenizer = byte_tokenizer()
    ends = agreement.line_end_ids(tokenizer)
    assert ends == tokenizer.special_ids | {tokenizer.encode("\n")[0]}


def test_prompts_are_those_of_line_mode() -> None:
    tokenizer = byte_tokenizer()
    encoder = PromptEncoder(tokenizer, "codegeex4", 512)
    task = LineTask("a.py", "Python", "x = ", "1", "y = 2\n")
    (prompt,) = agreement.line_prompts(encoder, [task])
    assert tokenizer.decode(prompt).startswith("\n###PATH:a.py\n###LANGUAGE:Python\n###MODE:LINE\n")
    assert "y = 2\n" in tokenizer.decode(prompt)

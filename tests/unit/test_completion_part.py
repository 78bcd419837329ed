"""Which part of a text is shown, and how sure the model is of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.completion.confidence import probability
from glm_lsp.completion.outcome import Written
from glm_lsp.completion.part import choose_part, has_more, parts
from glm_lsp.completion.policy import SHOW_ALL, Policy
from glm_lsp.completion.reason import BELOW_THRESHOLD, NOT_WORTH_A_KEY, PARSES_WORSE
from glm_lsp.models.manifest import ConfidenceWeights

WEIGHTS = ConfidenceWeights(bias=1.0, total=0.2, lowest=1.5, length=-0.5, product=1.2)
LIKELY = Policy(threshold=0.3, trims=True)


def written(tokens: Sequence[tuple[str, float]], finish_reason: str = "stop") -> Written:
    starts, at = [], 0
    for text, _ in tokens:
        starts.append(at)
        at += len(text)
    logprobs = tuple(math.log(p) for _, p in tokens)
    return Written("".join(text for text, _ in tokens), finish_reason, tuple(starts), logprobs)  # type: ignore[arg-type]


def shown(one: Written, policy: Policy = LIKELY, text: str | None = None) -> str | None:
    part, _ = choose_part(one.text if text is None else text, one, None, policy, lambda *_: True)
    return part.text if part else None


CALL = written([("compute", 0.9), ("(", 0.9), ("width", 0.5), (",", 0.9), (" height", 0.2), (")", 0.9)])


def test_a_part_ends_where_a_word_does_and_is_as_likely_as_its_tokens() -> None:
    found = {part.text: part.score for part in parts(CALL.text, CALL, None)}
    assert list(found) == [
        "compute", "compute(width, height)"
    ], "nobody would close what it opens"  # fmt: skip
    assert found["compute"] == pytest.approx(0.9)
    assert found["compute(width, height)"] == pytest.approx(0.9 * 0.9 * 0.5 * 0.9 * 0.2 * 0.9)
    sum_of = written([("first", 0.9), (" +", 0.9), (" second", 0.5)])
    assert {part.text: part.score for part in parts(sum_of.text, sum_of, None)} == {
        "first": pytest.approx(0.9), "first +": pytest.approx(0.81), "first + second": pytest.approx(0.405)
    }  # fmt: skip


def test_the_part_that_saves_most_keys_is_shown() -> None:
    # 7 characters at 0.9 promise 5.4 keys, all 22 at 0.07 promise 1.4.
    assert shown(CALL) == "compute"
    surer = written([("compute", 0.9), ("(", 0.9), ("width", 0.8), (")", 0.98)])
    assert shown(surer) == "compute(width)"


def test_what_is_too_unlikely_or_too_short_is_not_shown() -> None:
    part, tried = choose_part("ab", written([("ab", 0.2)]), None, LIKELY, lambda *_: True)
    assert (part, tried[-1].verdict, tried[-1].score) == (None, BELOW_THRESHOLD, pytest.approx(0.2))
    part, tried = choose_part(")", written([(")", 0.9)]), None, LIKELY, lambda *_: True)
    assert (part, tried[-1].verdict) == (None, NOT_WORTH_A_KEY)
    assert shown(written([(")", 0.9)]), SHOW_ALL) == ")"


def test_without_trimming_the_whole_is_shown() -> None:
    assert shown(CALL, SHOW_ALL) == CALL.text


def test_what_does_not_parse_gives_way_to_what_does() -> None:
    part, tried = choose_part(CALL.text, CALL, None, SHOW_ALL, lambda text, _: text == "compute")
    assert part is not None
    assert part.text == "compute"
    assert [(one.text, one.verdict) for one in tried] == [
        (CALL.text, PARSES_WORSE),
        ("compute", ""),
    ]
    part, tried = choose_part(CALL.text, CALL, None, SHOW_ALL, lambda *_: False)
    assert part is None
    assert {one.verdict for one in tried} == {PARSES_WORSE}
    assert len(tried) <= 4


def test_whoever_looks_at_a_part_is_told_whether_it_is_all() -> None:
    asked: list[tuple[str, bool]] = []
    for reason in ("stop", "length"):
        one = written([("compute", 0.9), ("(a)", 0.9)], reason)
        choose_part(one.text, one, None, LIKELY, lambda *seen: bool(asked.append(seen)))
    # The second time the model had wanted to go on.
    assert asked == [("compute(a)", True), ("compute", False), ("compute(a)", False), ("compute", False)]


def test_a_broken_off_word_is_no_word() -> None:
    torn = written([("first", 0.9), (",", 0.9), (" sec", 0.9)], "length")
    assert [part.text for part in parts(torn.text, torn, None)] == ["first", "first,"]
    assert not has_more(torn, "first,")
    assert has_more(torn, "first")
    # Post-processing has cut it: the word it ends in is whole.
    assert [part.text for part in parts("first", torn, None)] == ["first"]


def test_of_later_lines_only_whole_ones_are_parts() -> None:
    block = written([("a = 1", 0.9), ("\n", 0.9), ("    b = 2", 0.9), ("\n    c", 0.9)])
    assert [part.text for part in parts(block.text, block, None)] == [
        "a", "a =", "a = 1", "a = 1\n    b = 2", "a = 1\n    b = 2\n    c"
    ]  # fmt: skip


def test_what_was_changed_inside_is_one_part() -> None:
    tabs = written([("a", 0.9), ("\n    b", 0.9)])
    (part,) = parts("a\n\tb", tabs, None)
    assert part.score == pytest.approx(0.81)


def test_without_log_probabilities_everything_is_shown() -> None:
    silent = Written("compute(width)")
    assert shown(silent, Policy(threshold=0.9, trims=True)) == "compute(width)"


@given(st.lists(st.floats(-20, 0), min_size=1, max_size=40))
def test_a_probability_is_one(logprobs: list[float]) -> None:
    assert 0 <= probability(logprobs, WEIGHTS) <= 1
    assert probability(logprobs, None) == pytest.approx(math.exp(math.fsum(logprobs)))


@given(st.lists(st.floats(-10, -0.01), min_size=2, max_size=20))
def test_what_is_surer_of_each_token_is_surer_of_all(logprobs: list[float]) -> None:
    assert probability([value / 2 for value in logprobs], WEIGHTS) >= probability(logprobs, WEIGHTS)


def test_extreme_weights_overflow_nothing() -> None:
    extreme = ConfidenceWeights(bias=0, total=1e6, lowest=0, length=0, product=0)
    assert probability([-50.0], extreme) == 0.0


def test_what_is_typed_of_a_text_takes_its_tokens_along() -> None:
    assert CALL.after(7) == Written(CALL.text[7:], "stop", (0, 1, 6, 7, 14), CALL.token_logprobs[1:])
    # A token cut in two stays.
    assert CALL.after(10) == Written(CALL.text[10:], "stop", (0, 3, 4, 11), CALL.token_logprobs[2:])
    assert CALL.after(0) == CALL
    end = len(CALL.text)
    assert CALL.after(end).text == ""

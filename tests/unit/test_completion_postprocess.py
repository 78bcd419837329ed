"""Properties of post-processing; its cases as text are in tests/golden/postprocess."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glm_lsp.completion.context import Window
from glm_lsp.completion.mode import Mode
from glm_lsp.completion.placement import Refusal
from glm_lsp.completion.postprocess import FILTERS, NOTHING_GENERATED, postprocess, trace
from glm_lsp.completion.reason import BELOW_THRESHOLD, CANCELLED, explain
from glm_lsp.completion.surroundings import Surroundings

PIECES = [
    "foo", " ", "  ", "    ", "\n", "\n", "\n\n", "\r\n", "\r", "(", ")", "[", "]", "{", "}", '"', "'", ":", ";", ",",
    "\\", "return x", "\t", "😀", "x = 1", "<|user|>", "```", "\u200b", "\u202e", "\x1b[0m", "\x1b]", "\x9b", "\u3164",
    "else", "# --", "0, ", "###PATH:", "\ud800", "<|", "|>", "é", "\u2028",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
clean = texts.map(lambda text: text.replace("\r\n", "\n").replace("\r", "\n"))
rests = st.sampled_from(["", "", ")", "])", '")', " {", ";", "  ", "'", "}));", ":", "`", ">"])
arounds = st.builds(
    lambda prefix, suffix, rest, eol, mode, language: Surroundings(
        window=Window(prefix, suffix, rest, eol), mode=mode, language_id=language
    ),
    clean,
    clean,
    rests,
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(Mode),
    st.sampled_from(["python", "markdown"]),
)


@given(texts, arounds)
@settings(max_examples=1500, deadline=None)
def test_what_is_shown_passes_again_unchanged(text: str, around: Surroundings) -> None:
    shown = postprocess(text, around)
    if shown.text:
        assert postprocess(shown.text, around) == shown


@given(st.text(), arounds)
@settings(max_examples=300, deadline=None)
def test_nothing_raises_and_every_drop_has_a_reason(text: str, around: Surroundings) -> None:
    shown = postprocess(text, around)
    assert bool(shown.text) != bool(shown.reason)
    if shown.reason:
        assert shown.reason in {NOTHING_GENERATED, *(step.__name__ for step in FILTERS)}


@given(st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "L", "Mn", "Zs"])), arounds)
@example("a\u202eb\u2066c\U000e0041\x1b[31m\u200d\ufeff\u00ad\x00\x07", None)
@settings(max_examples=300, deadline=None)
def test_nothing_hidden_is_shown(text: str, around: Surroundings | None) -> None:
    around = around or Surroundings(window=Window("x = ", "", ""), mode=Mode.LINE)
    shown = postprocess(text, around).text
    for char in shown.replace(around.window.eol, ""):
        assert char in {"\t", "\n"} or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(texts, arounds)
@settings(deadline=None)
def test_line_breaks_are_the_documents(text: str, around: Surroundings) -> None:
    left = postprocess(text, around).text.replace(around.window.eol, "")
    assert "\n" not in left
    assert "\r" not in left


@given(texts, arounds)
@settings(deadline=None)
def test_a_line_is_one_line(text: str, around: Surroundings) -> None:
    if around.mode is Mode.LINE:
        assert not {"\n", "\r"} & set(postprocess(text, around).text)


@given(texts, arounds)
@settings(deadline=None)
def test_the_trace_tells_the_same_story(text: str, around: Surroundings) -> None:
    steps = list(trace(text, around))
    shown = postprocess(text, around)
    names = {step.__name__ for step in FILTERS}
    assert names.issuperset(name for name, _ in steps)
    if shown.text:
        assert shown.text == (steps[-1][1] if steps else text).replace("\n", around.window.eol)
    elif text:
        assert steps[-1] == (shown.reason, "")


@pytest.mark.parametrize(
    "reason",
    [NOTHING_GENERATED, BELOW_THRESHOLD, CANCELLED, *Refusal, *(step.__name__ for step in FILTERS)],
)
def test_every_reason_is_explained(reason: str) -> None:
    sentence = explain(reason)
    assert reason not in sentence
    assert len(sentence.split()) > 4

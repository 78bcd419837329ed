"""Copying: matches against their definition, the mixture against arithmetic, and whole answers of an engine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.completion.mode import Mode
from glm_lsp.engine.copying import Copier, Copying
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.healing import VocabularyIndex
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.session import Scores
from glm_lsp.engine.text_lookup import LONGEST_MATCH, MAX_PLACES, SHORTEST_MATCH, Match, TextLookup, Trail
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import MAX_LOOKUP_CHARS, CompletionRequest, GlmOptions, WireReference
from glm_lsp.engine.worker import Worker
from glm_lsp.models.manifest import CopyWeights
from glm_lsp.train.tokenizer import train_tokenizer
from tests.fakes.scored_session import ScoredSession

NEVER = CopyWeights(bias=-100, length=0, places=0, agreement=0, best=0, copied=0, same=0)
ALWAYS = msgspec.structs.replace(NEVER, bias=100)
HALF = msgspec.structs.replace(NEVER, bias=0)
ODD, EVEN = 301, 302
"""Tokens that mean nothing here."""
CODE = "def total(values):\n    result = sum(values)\n    return result\n\nprint(total([1, 2]))\n"


@cache
def tokenizer() -> SourceTokenizer:
    return SourceTokenizer(train_tokenizer(iter([CODE] * 5), 420))


@cache
def vocabulary() -> VocabularyIndex:
    return VocabularyIndex(tokenizer().byte_vocabulary())


def copying(
    *texts: bytes, weights: CopyWeights = ALWAYS, within_line: bool = True, num_pending: int = 0
) -> Copying:
    copier = Copier(vocabulary(), weights, tokenizer().special_ids)
    lookup = TextLookup(texts)
    pending = lookup.data[len(lookup.data) - num_pending :]
    return copier.start(Trail(lookup, lookup.tail(num_pending), pending), within_line=within_line)


def scores(*probabilities: tuple[int, float]) -> Scores:
    ids = np.array([[token_id for token_id, _ in probabilities]], np.int64)
    logprobs = np.log(np.array([[value for _, value in probabilities]])).astype(np.float32)
    return Scores(ids[:, 0], ids, logprobs, None)


def probabilities(blended: Scores) -> dict[int, float]:
    return dict(zip(blended.top_ids[0].tolist(), np.exp(blended.top_logprobs[0]).tolist(), strict=True))


def id_of(text: bytes) -> int:
    token_id = vocabulary().longest(text)
    assert token_id is not None
    assert vocabulary().text_of(token_id) == text
    return token_id


# Matches


def brute_force(texts: Sequence[bytes], context: bytes) -> Match | None:
    data = b"\0".join(texts)
    for length in range(min(LONGEST_MATCH, len(context)), SHORTEST_MATCH - 1, -1):
        wanted = context[-length:]
        if b"\0" in wanted:
            continue
        ends = [end for end in range(length, len(data)) if data[end - length : end] == wanted]
        if ends:
            return Match(length, tuple(ends[-MAX_PLACES:]))
    return None


pieces = st.binary(max_size=60).map(lambda b: bytes(x % 3 + 97 for x in b))


@given(
    st.lists(pieces, min_size=1, max_size=3),
    st.binary(max_size=40).map(lambda b: bytes(x % 3 + 97 for x in b)),
)
@settings(max_examples=300, deadline=None)
def test_the_longest_match_is_found(texts: list[bytes], context: bytes) -> None:
    lookup = TextLookup(texts)
    assert lookup.find(context) == brute_force(texts, context)
    if len(lookup.data) > SHORTEST_MATCH <= len(context):
        # Texts of any length are searched in one of two ways, which find the same.
        assert lookup._find_long(context[-LONGEST_MATCH:]) == lookup._find_short(context[-LONGEST_MATCH:])


@given(pieces, st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_going_on_with_a_match_finds_what_a_new_search_would(text: bytes, step: int) -> None:
    source = TextLookup([text])
    match = source.find(text)
    if match is None:
        return
    behind = source.data[match.ends[-1] : match.ends[-1] + step]
    advanced = source.advance(match, behind)
    searched = source.find((text + behind)[-LONGEST_MATCH:])
    # A new search may know more places only because it does not stop at sixteen.
    assert advanced is None or (searched is not None and set(advanced.ends) <= set(searched.ends))
    assert advanced is not None or match.ends[-1] + step >= len(source.data)


def test_matches_stay_within_one_text() -> None:
    assert TextLookup([b"xyzab", b"cdefg"]).find(b"abcd") is None
    assert TextLookup([b"q\0wert", b"\0we"]).find(b"q\0we") is None


def test_the_places_nearest_to_the_cursor_are_kept() -> None:
    match = TextLookup([b"abc." * 40 + b"abc"]).find(b"-abc")
    assert match is not None
    assert len(match.ends) == MAX_PLACES
    assert match.ends[-1] == 4 * 39 + 3


@pytest.mark.parametrize("text", [b"", b"a", b"ab", b"abc"])
def test_next_to_nothing_holds_nothing(text: bytes) -> None:
    assert TextLookup([text]).find(text) is None


# The mixture


def test_what_followed_elsewhere_gets_its_share() -> None:
    state = copying(b"self.name = name\nself.", weights=HALF)
    blended = state.blend(scores((ODD, 0.6), (EVEN, 0.2)))
    name = id_of(vocabulary().text_of(vocabulary().longest(b"name = name") or 0))
    mixed = probabilities(blended)
    assert mixed[ODD] == pytest.approx(0.3, abs=1e-6)
    assert mixed[EVEN] == pytest.approx(0.1, abs=1e-6)
    assert mixed[name] == pytest.approx(0.5, abs=1e-6)
    assert blended.next_ids[0] == name


def test_places_that_differ_share_by_their_number() -> None:
    state = copying(b" x.a x.a x.b x.", weights=ALWAYS)
    mixed = probabilities(state.blend(scores((ODD, 0.9))))
    first, second = vocabulary().longest(b"a x"), vocabulary().longest(b"b x")
    assert mixed[first or 0] == pytest.approx(2 / 3, abs=1e-6)
    assert mixed[second or 0] == pytest.approx(1 / 3, abs=1e-6)


def test_without_a_match_nothing_changes() -> None:
    before = scores((ODD, 0.6), (EVEN, 0.2))
    assert copying(b"abc xyz").blend(before) is before


def test_a_weight_of_nothing_keeps_the_order() -> None:
    blended = copying(b"self.name self.", weights=NEVER).blend(scores((ODD, 0.6), (EVEN, 0.2)))
    assert blended.top_ids[0, :2].tolist() == [ODD, EVEN]
    assert np.allclose(np.exp(blended.top_logprobs[0, :2]), [0.6, 0.2])


@given(pieces, st.lists(st.floats(0.001, 0.1), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_probabilities_stay_probabilities(text: bytes, values: list[float]) -> None:
    before = scores(*((number + 100, value) for number, value in enumerate(sorted(values, reverse=True))))
    blended = copying(text, weights=HALF).blend(before)
    total = math.fsum(probabilities(blended).values())
    assert total <= 1 + 1e-4
    assert np.all(np.diff(blended.top_logprobs[0]) <= 0)
    assert blended.next_ids[0] == blended.top_ids[0, 0]


def test_the_end_of_a_line_is_the_end_of_the_answer_within_a_line_only() -> None:
    text, before = b"return result\n\nreturn result", scores((ODD, 0.6))
    blended = copying(text).blend(before)
    assert blended.next_ids[0] in tokenizer().special_ids
    assert copying(text, within_line=False).blend(before) is before


def test_the_end_is_written_as_the_model_would_write_it() -> None:
    end = max(tokenizer().special_ids)
    blended = copying(b"return result\n\nreturn result").blend(scores((ODD, 0.6), (end, 0.1)))
    assert blended.next_ids[0] == end


def test_what_has_to_be_written_again_is_part_of_the_match() -> None:
    text = b"value.result\nvalue.res"
    state = copying(text, num_pending=3)
    blended = state.blend(scores((ODD, 0.6)))
    assert vocabulary().text_of(int(blended.next_ids[0])).startswith(b"res")


def test_a_match_shorter_than_what_has_to_be_written_again_says_nothing() -> None:
    before = scores((ODD, 0.6))
    assert copying(b"sult\nxyzresult", num_pending=6).blend(before) is before


def test_a_whole_line_is_copied_token_by_token() -> None:
    state, written = copying(b"    total = compute(left, right)\n    total = com"), b""
    for _ in range(40):
        blended = state.blend(scores((ODD, 0.6)))
        token_id = int(blended.next_ids[0])
        if token_id in tokenizer().special_ids:
            break
        written += vocabulary().text_of(token_id)
        state.after(token_id)
    assert written == b"pute(left, right)"


def test_the_border_between_two_texts_is_never_copied() -> None:
    before = scores((ODD, 0.6))
    state = copying(b"return result_of_all", b"first = 1\nreturn result_of_all")
    assert state.blend(before) is before
    assert state.trail.lookup.advance(Match(5, (14,)), b"of_all\0first") is None


def test_a_line_that_ends_its_text_is_copied_to_its_end() -> None:
    blended = copying(b"xyzname", b"first = 1\nxyzna").blend(scores((ODD, 0.6)))
    assert b"\0" not in vocabulary().text_of(int(blended.next_ids[0]))


@pytest.mark.parametrize("pending", [b"\n", b"\n    ", b"lues\n"])
def test_a_line_break_that_has_to_be_written_again_is_no_end(pending: bytes) -> None:
    text = b"print(values\n    total = 1\nprint(values\n    "
    text = text[: text.rindex(pending) + len(pending)]
    blended = copying(text, num_pending=len(pending)).blend(scores((ODD, 0.6)))
    best = vocabulary().text_of(int(blended.next_ids[0]))
    assert best.startswith(pending) or (best and pending.startswith(best))


@pytest.mark.parametrize("bias", [-1e308, 1e308])
def test_absurd_weights_are_still_weights(bias: float) -> None:
    weights = msgspec.structs.replace(HALF, bias=bias)
    blended = copying(b"self.name self.", weights=weights).blend(scores((ODD, 0.6)))
    assert np.all(np.isfinite(blended.top_logprobs))


# In the engine


def engine(weights: CopyWeights | None) -> tuple[Engine, ScoredSession]:
    session = ScoredSession(tokenizer().vocab_size)
    encoder = PromptEncoder(tokenizer(), "plain", session.capacity, "off")
    copier = Copier(vocabulary(), weights, tokenizer().special_ids) if weights else None
    about = EngineDescription(model="fake", num_slots=2)
    worker = Worker(session, tokenizer(), encoder, num_slots=2, copier=copier)
    return Engine(worker, about), session


def answer(engine: Engine, prompt: str, **options: object) -> str:
    glm = GlmOptions(mode=Mode.LINE, **options)  # type: ignore[arg-type]
    chunks = engine.complete(CompletionRequest(prompt=prompt, max_tokens=24, glm=glm))
    return "".join(choice.text for chunk in chunks for choice in chunk.choices)


@pytest.mark.parametrize(
    "options",
    [
        {"text_before": "    limit = maximum(width, 80)\n"},
        {"text_after": "\n    limit = maximum(width, 80)\n"},
        {"references": (WireReference("other.py", "    limit = maximum(width, 80)\n"),)},
    ],
)
def test_an_answer_comes_from_outside_the_prompt(options: dict[str, object]) -> None:
    copying_engine, _ = engine(ALWAYS)
    with copying_engine:
        assert answer(copying_engine, "    limit = max", **options) == "imum(width, 80)"
        assert answer(copying_engine, "    limit = max") != "imum(width, 80)"


def test_lookup_texts_are_bounded_and_end_at_the_cursor() -> None:
    references = (WireReference("r", "r" * 99_999),) * 9
    options = GlmOptions(text_before="b" * 300_000, text_after="a" * 300_000, references=references)
    texts = CompletionRequest(prompt="cursor", suffix="s", glm=options).lookup_texts()
    assert max(map(len, texts)) == MAX_LOOKUP_CHARS
    assert len(texts) == 6
    assert texts[-1].endswith(b"bcursor")
    assert texts[-2].startswith(b"sa")


def test_raw_prompts_are_left_alone() -> None:
    prompt = "    limit = maximum(width, 80)\n    limit = max"
    (with_it, _), (without, _) = engine(ALWAYS), engine(None)
    with with_it, without:
        assert answer(with_it, prompt, raw=True) == answer(without, prompt, raw=True)
        assert answer(with_it, prompt) != answer(without, prompt)


@given(
    st.lists(st.sampled_from(["def ", "total(", "values", "):\n", "    ", "return ", "result"]), max_size=12)
)
@settings(max_examples=25, deadline=None)
def test_the_cache_changes_nothing(keys: list[str]) -> None:
    cached, _ = engine(HALF)
    with cached:
        typed = ""
        for key in keys:
            typed += key
            fresh, _ = engine(HALF)
            with fresh:
                assert answer(cached, typed, text_before=CODE) == answer(fresh, typed, text_before=CODE)


def test_the_first_of_several_candidates_is_the_single_one() -> None:
    one, _ = engine(HALF)
    with one:
        request = CompletionRequest(
            prompt="    res",
            max_tokens=12,
            seed=1,
            temperature=1.0,
            glm=GlmOptions(mode=Mode.LINE, text_before=CODE),
        )
        texts = ["", "", ""]
        for chunk in one.complete(msgspec.structs.replace(request, n=3)):
            for choice in chunk.choices:
                texts[choice.index] += choice.text
        single = one.complete(msgspec.structs.replace(request, temperature=0.0))
        assert texts[0] == "".join(choice.text for chunk in single for choice in chunk.choices)


def test_looking_does_not_move() -> None:
    state = copying(b"self.name self.", weights=HALF)
    first, again = (state.blend(scores((ODD, 0.6))) for _ in range(2))
    assert np.array_equal(first.top_ids, again.top_ids)


@given(st.lists(pieces, min_size=1, max_size=2), st.lists(st.integers(1, 3), max_size=8), st.integers(0, 2))
@settings(max_examples=200, deadline=None)
def test_a_trail_knows_what_a_new_search_finds(
    texts: list[bytes], steps: list[int], num_pending: int
) -> None:
    """Going on with a match instead of searching again may lose places, but no length."""
    lookup = TextLookup([*texts, texts[0][:20]])
    num_pending = min(num_pending, len(texts[0][:20]))
    whole = lookup.tail()
    trail = Trail(lookup, lookup.tail(num_pending), whole[len(whole) - num_pending :])
    written = lookup.tail(num_pending)
    for step in steps:
        match, searched = trail.match, lookup.find((written + trail.pending)[-LONGEST_MATCH:])
        if searched is None or searched.length < len(trail.pending):
            assert match is None
        else:
            assert match is not None
            assert match.length == searched.length
            assert set(match.ends) <= set(searched.ends)
        text = (texts[-1] * 9 + b"abcabc")[step : 2 * step]
        if trail.pending:
            text = trail.pending + text
        trail.after(text)
        written += text

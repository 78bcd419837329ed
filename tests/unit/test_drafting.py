"""Guessing ahead: whatever is guessed, the answer is the one of plain decoding."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glm_lsp.completion.mode import Mode
from glm_lsp.engine.choosing import Chooser
from glm_lsp.engine.copying import Copier
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.draft_record import MAX_DRAFT, DraftRecord
from glm_lsp.engine.drafting import Drafter, Speculator
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.generation import CancelledError, decode, prefill
from glm_lsp.engine.healing import VocabularyIndex
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.sampler import SamplingParams, make_sampler, pick_greedy
from glm_lsp.engine.slots import KVSlot
from glm_lsp.engine.step_costs import MAX_STEP_TOKENS, StepCosts
from glm_lsp.engine.text_lookup import TextLookup, Trail
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.engine.worker import Worker
from glm_lsp.models.manifest import CopyWeights
from glm_lsp.train.tokenizer import train_tokenizer
from tests.fakes.fake_session import FakeSession
from tests.fakes.scored_session import ScoredSession
from tests.tiny_model import tiny_model

CODE = "def total(values):\n    result = sum(values)\n    return result\n\nprint(total([1, 2]))\n"
END = 7


def never() -> bool:
    return False


def plain(prompt: list[int], max_tokens: int, temperature: float = 0.0, capacity: int = 256) -> list[int]:
    session = FakeSession(capacity=capacity)
    slot = KVSlot(session.new_kv())
    scored = prefill(session, slot, prompt, never)
    sampler = make_sampler(SamplingParams(temperature=temperature, seed=3))
    return [token.token_id for token in decode(session, slot, scored, Chooser(sampler), max_tokens, never)]


class Seer:
    """Guesses what plain decoding writes, and is wrong now and then."""

    def __init__(self, future: list[int], rng: random.Random, wrong: float) -> None:
        self._future, self._rng, self._wrong = future, rng, wrong

    def draft(self, limit: int) -> list[int]:
        guess = self._future[: self._rng.randrange(limit + 1)] if limit > 0 else []
        return [5 if self._rng.random() < self._wrong else token_id for token_id in guess]

    def after(self, token_id: int) -> None:
        assert self._future[0] == token_id
        del self._future[0]


@pytest.mark.parametrize("wrong", [0.0, 0.2, 0.9])
@pytest.mark.parametrize("temperature", [0.0, 1.5])
@pytest.mark.parametrize("capacity", [256, 30])
def test_guesses_right_and_wrong_change_nothing(wrong: float, temperature: float, capacity: int) -> None:
    rng = random.Random(7)
    for trial in range(40):
        prompt = [rng.randrange(90) for _ in range(rng.randrange(1, 20))]
        max_tokens = rng.randrange(1, 40)
        wanted = plain(prompt, max_tokens, temperature, capacity)
        session = FakeSession(capacity=capacity)
        slot = KVSlot(session.new_kv())
        seer = Seer([*wanted, 0], rng, wrong)
        scored = prefill(session, slot, prompt, never, drafted=seer.draft(max_tokens - 1))
        chooser = Chooser(make_sampler(SamplingParams(temperature=temperature, seed=3)))
        tokens = decode(session, slot, scored, chooser, max_tokens, never, seer)  # type: ignore[arg-type]
        assert [token.token_id for token in tokens] == wanted, f"trial {trial}"
        # What the slot says it holds, it holds.
        assert slot.token_ids == prompt + wanted[:-1]
        assert slot.kv.ids[: slot.num_tokens] == slot.token_ids  # type: ignore[attr-defined]


def test_right_guesses_save_steps() -> None:
    prompt = [1, 2, 3]
    wanted = plain(prompt, 33)
    session = FakeSession(capacity=256)
    slot = KVSlot(session.new_kv())
    future = [*wanted]

    class Right(Seer):
        def draft(self, limit: int) -> list[int]:
            return self._future[: min(limit, 7)]

    seer = Right(future, random.Random(), 0)
    scored = prefill(session, slot, prompt, never, drafted=seer.draft(32))
    tokens = list(decode(session, slot, scored, Chooser(pick_greedy), 33, never, seer))  # type: ignore[arg-type]
    assert [token.token_id for token in tokens] == wanted
    assert session.runs == [10, 8, 8, 8, 1]


@pytest.mark.parametrize(("length", "runs"), [(120, [128]), (127, [128]), (128, [128]), (129, [128, 16])])
def test_guesses_make_no_run_longer_than_a_chunk(length: int, runs: list[int]) -> None:
    session = FakeSession(capacity=512)
    slot = KVSlot(session.new_kv())
    scored = prefill(session, slot, [token_id % 90 for token_id in range(length)], never, drafted=[3] * 15)
    assert session.runs == runs
    assert len(scored.scores.next_ids) == 1 + len(scored.drafted)


def test_cancelling_takes_effect_before_the_next_step() -> None:
    prompt = [1, 2, 3]
    wanted = plain(prompt, 40)
    session = FakeSession(capacity=256)
    slot = KVSlot(session.new_kv())
    seer = Seer([*wanted], random.Random(1), 0.3)
    scored = prefill(session, slot, prompt, never)
    taken: list[int] = []
    tokens = decode(
        session,
        slot,
        scored,
        Chooser(pick_greedy),
        40,
        lambda: len(session.runs) >= 5,
        seer,  # type: ignore[arg-type]
    )
    with pytest.raises(CancelledError):
        taken.extend(token.token_id for token in tokens)
    assert len(session.runs) == 5
    assert taken == wanted[: len(taken)]
    assert slot.token_ids == prompt + taken[:-1]


# Where guesses come from


@cache
def tokenizer() -> SourceTokenizer:
    return SourceTokenizer(train_tokenizer(iter([CODE] * 5), 420))


@cache
def vocabulary() -> VocabularyIndex:
    return VocabularyIndex(tokenizer().byte_vocabulary())


def drafter(text: bytes, *answers: bytes, within_line: bool = True, num_pending: int = 0) -> Drafter:
    lookup = TextLookup([text])
    trail = Trail(lookup, lookup.tail(num_pending), text[len(text) - num_pending :])
    speculator = Speculator(vocabulary(), frozenset({END}), DraftRecord(StepCosts()))
    return speculator.start(answers, trail, within_line=within_line, moves_trail=True)


def written(token_ids: list[int]) -> bytes:
    return b"".join(vocabulary().text_of(token_id) for token_id in token_ids)


def test_what_followed_elsewhere_is_guessed_up_to_the_end_of_the_line() -> None:
    one = drafter(b"    return self.name\n\n    return self.")
    guess: list[int] = []
    for _ in range(9):
        drafted = one.draft(9)
        if not drafted:
            break
        guess.append(drafted[0])
        one.after(drafted[0])
    assert written(guess) == b"name"
    assert guess[-1] == END


def test_a_block_goes_on_behind_the_line() -> None:
    one = drafter(b"    return self.name\n\nfoo = bar(1)\n\n    return self.", within_line=False)
    guess: list[int] = []
    while (drafted := one.draft(9)) and len(written(guess)) < 12:
        guess.append(drafted[0])
        one.after(drafted[0])
    assert written(guess).startswith(b"name\n\nfoo")


def test_an_answer_given_before_is_preferred() -> None:
    text = b"    return self.name\n\n    return self."
    one = drafter(text, b"\n    return self.total\n")
    assert b"total".startswith(written(one.draft(1)))


def test_what_has_to_be_written_again_is_guessed_with_it() -> None:
    one = drafter(b"value.result\nvalue.res", num_pending=3)
    assert written(one.draft(1)).startswith(b"r")
    assert b"result".startswith(written(one.draft(1)))


def test_a_wrong_guess_is_given_up() -> None:
    one = drafter(b"    return self.name_of_it\n\n    return self.")
    assert one.draft(9)
    one.after(vocabulary().longest(b"(") or 0)
    assert one.draft(9) == []


def test_nothing_is_guessed_without_a_match() -> None:
    assert drafter(b"abc xyz").draft(9) == []
    assert drafter(b"").draft(9) == []


# How far to guess


def record(price: float, step_widths: tuple[int, ...] = ()) -> DraftRecord:
    costs = StepCosts()
    costs.observe(1, 1.0)
    costs.observe(MAX_STEP_TOKENS, 1.0 + price * (MAX_STEP_TOKENS - 2))
    assert costs.per_token == pytest.approx(price)
    return DraftRecord(costs, step_widths)


def test_dear_rows_and_bad_luck_make_guesses_short() -> None:
    assert record(0.02).worth("text", 30) > record(0.3).worth("text", 30)
    one = record(0.1)
    before = one.worth("text", 10)
    for _ in range(200):
        one.observe("text", 10, 0, missed=True)
    assert one.worth("text", 10) == 1 < before
    for _ in range(200):
        one.observe("text", 10, 12, missed=False)
    assert one.worth("text", 10) > before


def test_a_row_as_dear_as_a_step_is_never_bought() -> None:
    assert record(1.0).worth("text", 32) == 1


def test_free_rows_are_all_used() -> None:
    assert record(0.0).worth("answers", 32) == MAX_DRAFT


def test_guesses_fill_the_width_of_a_step_and_none_goes_beyond_the_widest() -> None:
    widths = (1, 2, 4, 8)
    assert record(0.0, widths).worth("answers", 32) == 7
    assert {record(price / 50, widths).worth("text", 10) for price in range(51)} <= {1, 3, 7}
    assert record(1.0, widths).worth("text", 32) == 1
    assert record(0.0, (1,)).worth("text", 32) == 0


@given(st.lists(st.tuples(st.integers(1, 40), st.floats(0, 10)), max_size=30))
@settings(max_examples=100, deadline=None)
def test_prices_stay_prices(runs: list[tuple[int, float]]) -> None:
    costs = StepCosts()
    for num_tokens, seconds in runs:
        costs.observe(num_tokens, seconds)
    assert 0 <= costs.per_token <= 1


# In the engine


HALF = CopyWeights(bias=0, length=0, places=0, agreement=0, best=0, copied=0, same=0)


def engine(*, speculates: bool, copies: bool, heals: bool) -> tuple[Engine, ScoredSession]:
    session = ScoredSession(tokenizer().vocab_size)
    encoder = PromptEncoder(tokenizer(), "plain", session.capacity, "tokens" if heals else "off")
    specials = tokenizer().special_ids
    worker = Worker(
        session,
        tokenizer(),
        encoder,
        num_slots=2,
        copier=Copier(vocabulary(), HALF, specials) if copies else None,
        speculator=Speculator(vocabulary(), specials, DraftRecord(StepCosts())) if speculates else None,
    )
    return Engine(worker, EngineDescription(model="fake", num_slots=2)), session


@pytest.fixture(params=[(True, False), (True, True), (False, True), (False, False)], ids=str)
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Engine, Engine, ScoredSession, ScoredSession]]:
    copies, heals = request.param
    on, its_session = engine(speculates=True, copies=copies, heals=heals)
    off, other_session = engine(speculates=False, copies=copies, heals=heals)
    with on, off:
        yield on, off, its_session, other_session


def test_an_engine_that_guesses_writes_what_one_that_does_not_writes(
    pair: tuple[Engine, Engine, ScoredSession, ScoredSession],
) -> None:
    on, off, its_session, other_session = pair
    rng, text = random.Random(5), CODE * 2
    for number in range(60):
        begin, end = rng.randrange(40), rng.randrange(60, len(text))
        request = CompletionRequest(
            prompt=text[begin:end],
            suffix=text[end:][:50],
            max_tokens=rng.randrange(1, 30),
            n=rng.choice((1, 1, 3)),
            temperature=rng.choice((0.0, 1.0)),
            seed=number,
            logprobs=2,
            glm=GlmOptions(mode=rng.choice((Mode.LINE, Mode.BLOCK)), text_before=CODE),
        )
        answers = []
        for one in (on, off):
            chunks = list(one.complete(request))
            choices = [choice for chunk in chunks for choice in chunk.choices]
            texts = ["".join(c.text for c in choices if c.index == index) for index in range(request.n)]
            logprobs = [value for c in choices if c.logprobs for value in c.logprobs.token_logprobs]
            usage = chunks[-1].usage
            assert usage is not None
            answers.append((texts, logprobs, usage.completion_tokens))
        assert answers[0] == answers[1], f"request {number}"
    assert len(its_session.asked_for_logits) < len(other_session.asked_for_logits)


def test_a_model_without_special_tokens_is_served_without_guesses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_model(tmp_path, prompt_profile="plain")
    monkeypatch.setattr(SourceTokenizer, "special_ids", frozenset[int]())
    worker = Worker.load(folder, FakeSession(capacity=256, vocab_size=97))
    assert worker._writers.speculator is None

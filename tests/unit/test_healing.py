"""Token healing: the index against its definition, and whole answers that begin with what was taken back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers import models as tokenizer_models

from glm_lsp.completion.mode import Mode
from glm_lsp.engine.choosing import Chooser, Token
from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.generation import Scored, decode, keep, prefill
from glm_lsp.engine.healing import MAX_TAKEN_BACK, Healing, VocabularyIndex, take_back
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.sampler import Sampler, SamplingParams, make_sampler, pick_greedy
from glm_lsp.engine.session import Scores
from glm_lsp.engine.slots import KVSlot
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionChunk, CompletionRequest, GlmOptions
from glm_lsp.engine.worker import Worker
from glm_lsp.errors import TokenizerError
from glm_lsp.models.store import ModelFolder
from glm_lsp.train.tokenizer import train_tokenizer
from tests.fakes.scored_session import ScoredSession
from tests.tiny_model import SAMPLE, tiny_model

CODE = (
    "def read_numbers(path):\n    with open(path) as file:\n        return [float(line) for line in file]\n"
    "value = compute(numbers, name='élan \U0001f600 中文')\nvalues = reader.numbers\nprint(values)\n"
)

TEXTS = st.text(alphabet="abpr _.(\n é中\U0001f600", max_size=24)


@cache
def tokenizer() -> SourceTokenizer:
    return SourceTokenizer(train_tokenizer(iter([CODE] * 5), 420))


@cache
def vocabulary() -> VocabularyIndex:
    return VocabularyIndex(tokenizer().byte_vocabulary())


def ids_of(text: bytes, index: VocabularyIndex) -> list[int]:
    """Some token ids whose bytes are `text`, one byte each."""
    return [next(i for i in range(300) if index.text_of(i) == bytes([byte])) for byte in text]


# The index


def test_the_byte_vocabulary_spells_every_text() -> None:
    texts = tokenizer().byte_vocabulary()
    ids = tokenizer().encode(CODE)
    assert b"".join(texts[i] or b"" for i in ids) == CODE.encode()
    assert {i for i, text in enumerate(texts) if text is None} == tokenizer().special_ids


def test_a_tokenizer_that_is_not_byte_level_is_refused() -> None:
    words = SourceTokenizer(Tokenizer(tokenizer_models.WordLevel({"a": 0, "▁b": 1}, "a")))
    with pytest.raises(TokenizerError, match="every byte"):
        words.byte_vocabulary()


words = st.lists(st.binary(min_size=1, max_size=4).map(lambda b: bytes(x % 3 + 0xFD for x in b)), max_size=30)


@given(words, st.binary(min_size=1, max_size=5).map(lambda b: bytes(x % 3 + 0xFD for x in b)))
@settings(max_examples=300, deadline=None)
def test_the_index_finds_what_its_definition_says(texts: list[bytes], wanted: bytes) -> None:
    texts = list(dict.fromkeys(texts))
    index = VocabularyIndex([None, *texts, None])
    fitting = {
        i for i, text in enumerate(texts, start=1) if text.startswith(wanted) or wanted.startswith(text)
    }
    found = index.fitting(wanted).tolist()
    assert set(found) == fitting
    assert len(found) == len(fitting)
    assert index.can_grow(wanted) == any(text.startswith(wanted) and text != wanted for text in texts)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_the_longest_tail_that_one_token_could_begin_with_is_taken(text: str) -> None:
    ids = tokenizer().encode(text)
    count, tail = take_back(vocabulary(), ids)
    pieces = [vocabulary().text_of(i) for i in ids]
    assert b"".join(pieces[len(ids) - count :]) == tail
    tail.decode()  # whole characters
    grown = [vocabulary().text_of(i) for i in range(tokenizer().vocab_size)]
    for more in range(1, min(MAX_TAKEN_BACK, len(ids)) + 1):
        longer = b"".join(pieces[-more:])
        fits = any(g.startswith(longer) and g != longer for g in grown) and longer[0] & 0xC0 != 0x80
        assert fits <= (more <= count)
        assert not fits or more <= count


def test_a_word_cut_into_several_tokens_comes_back_whole() -> None:
    texts = [b"pr", b"in", b"print", b"x", b" ", *(bytes([byte]) for byte in range(256))]
    index = VocabularyIndex(texts)
    assert take_back(index, [3, 4, 0, 1]) == (2, b"prin")
    assert take_back(index, [0, 2]) == (0, b"")
    assert take_back(index, []) == (0, b"")


def test_half_a_character_is_never_taken_back() -> None:
    texts = [*(bytes([byte]) for byte in range(256)), "é".encode()[1:] + b"x"]
    assert take_back(VocabularyIndex(texts), list("aé".encode())) == (0, b"")
    texts.append("éx".encode())
    assert take_back(VocabularyIndex(texts), list("aé".encode())) == (2, "é".encode())


def test_special_tokens_are_never_taken_back() -> None:
    index = VocabularyIndex([None, b"a", b"ab"])
    assert take_back(index, [1, 0]) == (0, b"")
    assert take_back(index, [0, 1]) == (1, b"a")


@pytest.mark.parametrize(
    ("text", "heals"),
    [("nu", True), ("n_", True), ("é", True), ("x ", False), ("x.", False), ("\n ", False)],
)
def test_words_only_leaves_other_tails_alone(text: str, heals: bool) -> None:
    every = [bytes([byte]) for byte in range(256)]
    grown = [f"{text}{more}".encode() for more in ("a", " ", ".")]
    texts = [*every, *grown]
    ids = list(text.encode())
    assert take_back(VocabularyIndex(texts), ids)[0] > 0
    assert (take_back(VocabularyIndex(texts, only_words=True), ids)[0] > 0) == heals


# The scores


@given(st.integers(0, 2**32 - 1), st.sampled_from([b"p", b" ", b"re", b"values", "é".encode()]))
@settings(max_examples=50, deadline=None)
def test_constrained_scores_are_those_of_the_fitting_tokens(seed: int, remaining: bytes) -> None:
    logits = np.random.default_rng(seed).standard_normal((1, 420)).astype(np.float32) * 5
    healed = Healing(vocabulary(), remaining).constrain(Scores(*[np.zeros((1, 8))] * 3, logits))  # type: ignore[arg-type]
    fitting = vocabulary().fitting(remaining)
    best = sorted(fitting.tolist(), key=lambda i: -logits[0, i])[:8]
    assert healed.top_ids[0].tolist() == best
    assert healed.next_ids.tolist() == best[:1]
    weights = np.exp(logits[0, fitting].astype(np.float64))
    wanted = np.log(np.exp(logits[0, best].astype(np.float64)) / weights.sum())
    assert healed.top_logprobs[0] == pytest.approx(wanted, abs=1e-4)


def test_healing_needs_logits() -> None:
    none = np.zeros((1, 8))
    with pytest.raises(ValueError, match="logits"):
        Healing(vocabulary(), b"p").constrain(Scores(none[0], none, none, None))  # type: ignore[arg-type]


# Answers


def healed_tokens(
    text: str, sampler: Sampler, max_tokens: int = 8, *, eager: int = 8
) -> tuple[bytes, list[Token]]:
    """What was taken back of a prompt, and the tokens that a noisy model writes after the rest."""
    ids = tokenizer().encode(text)
    count, taken = take_back(vocabulary(), ids)
    session = ScoredSession(420, eager=eager)
    slot = KVSlot(session.new_kv())
    prompt = [0, *ids[: len(ids) - count]]
    scored = Scored(keep(prefill(session, slot, prompt, lambda: False, want_logits=True).scores))
    healing = Healing(vocabulary(), taken) if taken else None
    return taken, list(decode(session, slot, scored, Chooser(sampler, healing), max_tokens, lambda: False))


@given(TEXTS, st.integers(0, 1000), st.sampled_from([0.0, 0.7, 2.0]))
@settings(max_examples=200, deadline=None)
def test_an_answer_begins_with_what_was_taken_back(text: str, seed: int, temperature: float) -> None:
    sampler = make_sampler(SamplingParams(temperature=temperature, seed=seed))
    taken, tokens = healed_tokens(text, sampler, eager=0)
    written = b"".join(vocabulary().text_of(token.token_id) for token in tokens)
    assert written.startswith(taken)
    old = b"".join(vocabulary().text_of(t.token_id)[: t.num_old_bytes] for t in tokens)
    assert old == taken


@given(TEXTS, st.sampled_from([0.0, 2.0]))
@settings(max_examples=100, deadline=None)
def test_special_tokens_wait_until_all_is_healed(text: str, temperature: float) -> None:
    taken, tokens = healed_tokens(text, make_sampler(SamplingParams(temperature=temperature, seed=1)))
    old = [token for token in tokens if token.num_old_bytes]
    assert not {token.token_id for token in old} & tokenizer().special_ids
    # This model wants nothing but special tokens, so the first free choice is one.
    free = tokens[len(old) :]
    assert free
    assert free[0].token_id in tokenizer().special_ids
    assert bool(taken) == bool(old)


@pytest.mark.parametrize("max_tokens", [0, 1, 3])
def test_only_new_tokens_count_against_the_limit(max_tokens: int) -> None:
    for text in ("pri", "value", "compute(num", "x = rea", "élan \U0001f600 "):
        _, tokens = healed_tokens(text, pick_greedy, max_tokens, eager=0)
        assert sum(token.is_new for token in tokens) == max_tokens


# The engine


def healing_engine(mode: str = "tokens", *, slots: int = 3, eager: int = 0) -> tuple[Engine, ScoredSession]:
    session = ScoredSession(420, eager=eager)
    encoder = PromptEncoder(tokenizer(), "codegeex4", session.capacity, mode)  # type: ignore[arg-type]
    worker = Worker(session, tokenizer(), encoder, num_slots=slots)
    return Engine(worker, EngineDescription(model="fake", num_slots=slots)), session


@pytest.fixture
def engine() -> Iterator[Engine]:
    one, _ = healing_engine()
    with one:
        yield one


def ask(engine: Engine, prompt: str, **changes: object) -> list[CompletionChunk]:
    fields: dict[str, object] = {"prompt": prompt, "suffix": "print(values)\n", "max_tokens": 6}
    fields |= {"glm": GlmOptions(mode=Mode.BLOCK), **changes}
    return list(engine.complete(CompletionRequest(**fields)))  # type: ignore[arg-type]


def text_of(chunks: list[CompletionChunk], index: int = 0) -> str:
    return "".join(choice.text for chunk in chunks for choice in chunk.choices if choice.index == index)


@given(TEXTS)
@settings(max_examples=60, deadline=None)
def test_the_engine_sends_only_what_stands_behind_the_cursor(prompt: str) -> None:
    sent: list[int] = []
    one, session = healing_engine()
    with one:
        run = session.run

        def noted(kv: object, past: int, ids: object, num: int, **options: bool) -> Scores:
            scores = run(kv, past, ids, num, **options)  # type: ignore[arg-type]
            sent[past:] = list(ids)  # type: ignore[call-overload]
            return scores

        session.run = noted  # type: ignore[method-assign]
        chunks = ask(one, prompt, max_tokens=5)
    opening = [tokenizer().special_id(name) for name in ("<|code_middle|>", "<|assistant|>")]
    at = next(i for i in range(len(sent)) if sent[i : i + 2] == opening)
    middle = sent[at + 2 + len(tokenizer().encode("\n")) :]
    prefix_at = sent.index(tokenizer().special_id("<|code_prefix|>")) + 1
    shown = b"".join(vocabulary().text_of(i) for i in sent[prefix_at:at])
    whole = shown + b"".join(vocabulary().text_of(i) for i in middle)
    # The last token was never run, and a stop rule may have cut the text; noise also breaks characters.
    assert whole.startswith(prompt.encode()) or prompt.encode().startswith(whole)
    expected, got = whole[len(prompt.encode()) :].decode(errors="replace"), text_of(chunks)
    expected, got = expected.replace("\ufffd", ""), got.replace("\ufffd", "")
    assert got.startswith(expected) or expected.startswith(got)


def test_stop_strings_do_not_see_what_was_taken_back(engine: Engine) -> None:
    plain = text_of(ask(engine, "numbers = rea"))
    assert plain
    stopped = text_of(ask(engine, "numbers = rea", stop=["rea", "= re", "ea"]))
    assert stopped == plain


def test_stop_strings_still_stop_in_the_new_text(engine: Engine) -> None:
    whole = text_of(ask(engine, "numbers = rea", max_tokens=12))
    stop = whole[-3:]
    assert text_of(ask(engine, "numbers = rea", max_tokens=12, stop=[stop])) == whole[: whole.index(stop)]


def test_log_probabilities_are_those_of_the_new_text(engine: Engine) -> None:
    for prompt in (
        "numbers = rea",
        "valu",
        "with open(pat",
        "for lin",
        "return [floa",
        "readers.value",
        "nam",
    ):
        chunks = ask(engine, prompt, logprobs=3)
        found = [choice.logprobs for chunk in chunks for choice in chunk.choices if choice.logprobs]
        assert found
        tokens = [token for logprobs in found for token in logprobs.tokens]
        shown = "".join(tokens)
        # Tokens that only repeat what stood before the cursor have none.
        assert all(tokens)
        text = text_of(chunks).replace("\ufffd", "")
        assert text
        assert shown.replace("\ufffd", "").startswith(text)
        assert all(value <= 0 for logprobs in found for value in logprobs.token_logprobs)


def test_usage_counts_every_token_that_was_run_for(engine: Engine) -> None:
    usage = ask(engine, "numbers = rea")[-1].usage
    assert usage is not None
    ids, healing = PromptEncoder(tokenizer(), "codegeex4", 1024, "tokens").encode_healed(
        CompletionRequest(prompt="numbers = rea", suffix="print(values)\n", glm=GlmOptions(mode=Mode.BLOCK))
    )
    assert healing is not None
    assert usage.prompt_tokens == len(ids)
    assert usage.completion_tokens >= 6
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


@pytest.mark.parametrize("prompt", ["numbers = rea", "x = val", "print(value"])
def test_candidates_repeat_and_do_not_hang_on_each_other(engine: Engine, prompt: str) -> None:
    together = [text_of(ask(engine, prompt, n=3, temperature=1.5, seed=4), index) for index in range(3)]
    assert len(set(together)) > 1
    assert together[0] == text_of(ask(engine, prompt))
    # Each begins from the prompt's scores, whatever the one before has run.
    alone = [text_of(ask(engine, prompt, temperature=1.5, seed=4 + index)) for index in (1, 2)]
    assert together[1:] == alone


def test_typing_a_word_keeps_the_cache() -> None:
    one, _ = healing_engine()
    line = CODE[:150] + "values = reader.num"
    with one:
        ask(one, line)
        for letter in "bers":
            line += letter
            usage = ask(one, line)[-1].usage
            assert usage is not None
            missing = usage.prompt_tokens - usage.prompt_tokens_details.cached_tokens
            # The word's last token and what closes the prompt: <|code_middle|><|assistant|>\n.
            assert missing <= 3 + len(tokenizer().encode("\n"))


@given(st.lists(st.sampled_from(["a", "p", "r", "é", " ", "_", "\n", ".", "back"]), min_size=3, max_size=12))
@settings(max_examples=25, deadline=None)
def test_the_cache_changes_nothing(keys: list[str]) -> None:
    text = CODE[:60]
    used, _ = healing_engine()
    with used:
        for key in keys:
            text = text[:-2] if key == "back" else text + key
            fresh, _ = healing_engine(slots=1)
            with fresh:
                assert text_of(ask(used, text)) == text_of(ask(fresh, text))


def test_logits_are_only_asked_for_while_healing() -> None:
    one, session = healing_engine("words")
    with one:
        ask(one, "x = ", max_tokens=4)
        assert not any(session.asked_for_logits)
        session.asked_for_logits.clear()
        ask(one, "numbers = rea", max_tokens=4)
        assert session.asked_for_logits[0]
        assert not all(session.asked_for_logits)


def test_raw_prompts_and_empty_prefixes_are_left_alone() -> None:
    encoder = PromptEncoder(tokenizer(), "codegeex4", 1024, "tokens")
    raw = CompletionRequest(prompt="numbers = rea", glm=GlmOptions(raw=True))
    assert encoder.encode_healed(raw) == (tokenizer().encode("numbers = rea"), None)
    empty = CompletionRequest(prompt="")
    assert encoder.encode_healed(empty) == (encoder.encode(empty), None)
    plain = PromptEncoder(tokenizer(), "plain", 1024, "tokens")
    assert plain.encode_healed(CompletionRequest(prompt="v"))[1] is None
    assert plain.encode_healed(CompletionRequest(prompt="x = v"))[1] is not None


def test_off_heals_nothing() -> None:
    encoder = PromptEncoder(tokenizer(), "codegeex4", 1024)
    request = CompletionRequest(prompt="numbers = rea")
    assert encoder.encode_healed(request) == (encoder.encode(request), None)


# The real graph


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    return tiny_model(tmp_path_factory.mktemp("healing"), healing="tokens")


def test_a_model_heals_as_its_manifest_says(tiny: ModelFolder) -> None:
    assert tiny.manifest.healing == "tokens"
    prompt = SAMPLE[:170] + "for line in fi"
    off = replace(tiny, manifest=msgspec.structs.replace(tiny.manifest, healing="off"))
    with Engine.load(tiny, threads=1) as healed, Engine.load(off, threads=1) as plain:
        first, second = ask(healed, prompt)[-1].usage, ask(plain, prompt)[-1].usage
    assert first is not None
    assert second is not None
    assert first.prompt_tokens < second.prompt_tokens


def test_a_real_cache_changes_nothing(tiny: ModelFolder) -> None:
    """Typing, deleting and jumping back: what the kept cache gives is what an empty one gives, token for token."""
    rng = random.Random(7)
    with Engine.load(tiny, threads=1) as used:
        at = 60
        for _ in range(25):
            at = max(20, min(len(SAMPLE), at + rng.choice([1, 1, 1, 2, -1, -40, 30])))
            prompt = SAMPLE[:at]
            with Engine.load(tiny, threads=1, max_slots=1) as fresh:
                assert text_of(ask(used, prompt)) == text_of(ask(fresh, prompt)), prompt[-20:]

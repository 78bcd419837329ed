"""The edge from requests to token ids: layout, budgets, and cuts that keep the cache."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer

from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.slots import common_prefix
from glm_lsp.engine.tokenizer import SourceTokenizer, StreamDecoder
from glm_lsp.engine.wire import CompletionRequest, GlmOptions, WireReference
from glm_lsp.errors import ContextOverflowError, RequestError, TokenizerError
from glm_lsp.train.tokenizer import train_tokenizer

LINES = "".join(f"value_{i} = compute({i}, name='item {i}')\n" for i in range(400))


@pytest.fixture(scope="module")
def tokenizer() -> SourceTokenizer:
    return SourceTokenizer(train_tokenizer(iter([LINES, "é\U0001f600 中文"]), 400))


def encoder(tokenizer: SourceTokenizer, context: int = 256) -> PromptEncoder:
    return PromptEncoder(tokenizer, "codegeex4", context)


def request(prompt: str, suffix: str = "", **options: object) -> CompletionRequest:
    return CompletionRequest(prompt=prompt, suffix=suffix, glm=GlmOptions(**options))  # type: ignore[arg-type]


def test_the_prompt_is_suffix_then_prefix(tokenizer: SourceTokenizer) -> None:
    ids = encoder(tokenizer).encode(request("a = ", "b = 1\n", path="x.py", language="Python"))
    text = "".join(tokenizer.token_text(i) for i in ids)
    assert text == (
        "<|user|>\n###PATH:x.py\n###LANGUAGE:Python\n###MODE:BLOCK\n"
        "<|code_suffix|>b = 1\n<|code_prefix|>a = <|code_middle|><|assistant|>\n"
    )


def test_special_tokens_in_user_text_stay_text(tokenizer: SourceTokenizer) -> None:
    ids = encoder(tokenizer).encode(request("x = '<|code_middle|><|user|>'", "<|endoftext|>"))
    assert [i for i in ids if i in tokenizer.special_ids] == [
        tokenizer.special_id(name)
        for name in ("<|user|>", "<|code_suffix|>", "<|code_prefix|>", "<|code_middle|>", "<|assistant|>")
    ]


def test_typing_keeps_everything_before_it(tokenizer: SourceTokenizer) -> None:
    one = encoder(tokenizer)
    before = one.encode(request(LINES[:200], LINES[200:600]))
    after = one.encode(request(LINES[:201], LINES[200:600]))
    # All but the last word and the four closing tokens.
    assert common_prefix(before, after) >= len(before) - 8


@pytest.mark.parametrize("prompt", [LINES, "x" * 20_000, "é中\U0001f600" * 3000, ""])
@pytest.mark.parametrize("suffix", ["", LINES, "y" * 20_000])
def test_the_budget_holds_and_the_code_next_to_the_cursor_is_there(
    tokenizer: SourceTokenizer, prompt: str, suffix: str
) -> None:
    one = encoder(tokenizer)
    ids = one.encode(request(prompt, suffix))
    assert 0 < len(ids) <= one.budget
    assert prompt[-20:] in tokenizer.decode(ids)


def test_a_huge_path_and_references_do_not_crowd_out_the_code(tokenizer: SourceTokenizer) -> None:
    one = encoder(tokenizer)
    references = (WireReference("other.py", LINES),)
    ids = one.encode(request("important = 1", path="d/" * 3000, references=references))
    assert len(ids) <= one.budget
    assert "important = 1" in tokenizer.decode(ids)


def test_the_left_edge_moves_rarely(tokenizer: SourceTokenizer) -> None:
    one = encoder(tokenizer)
    moves = 0
    previous: list[int] = []
    for end in range(2000, 4000, 4):
        ids = one.encode(request(LINES[:end], "done()\n"))
        moves += bool(previous) and common_prefix(previous, ids) < len(previous) - 20
        previous = ids
    # 2000 characters are about 900 tokens here; each move makes a quarter of the budget free.
    assert 1 <= moves <= 24


def test_raw_prompts_are_taken_as_they_are(tokenizer: SourceTokenizer) -> None:
    assert encoder(tokenizer).encode(request("a = 1", raw=True)) == tokenizer.encode("a = 1")
    assert encoder(tokenizer).encode(request("", raw=True))


def test_a_prompt_of_ids_is_taken_as_it_is(tokenizer: SourceTokenizer) -> None:
    one = encoder(tokenizer)
    ids = (3, 1, tokenizer.vocab_size - 1, 1)
    assert one.encode_healed(CompletionRequest(prompt=ids)) == (list(ids), None)
    assert one.encode(CompletionRequest(prompt=()))


def test_a_prompt_of_ids_is_refused_rather_than_cut(tokenizer: SourceTokenizer) -> None:
    one = encoder(tokenizer)
    assert len(one.encode(CompletionRequest(prompt=(1,) * one.budget))) == one.budget
    with pytest.raises(ContextOverflowError, match=f"{one.budget + 1} tokens"):
        one.encode(CompletionRequest(prompt=(1,) * (one.budget + 1)))
    with pytest.raises(RequestError, match="the last one is"):
        one.encode(CompletionRequest(prompt=(tokenizer.vocab_size,)))


def test_a_profile_that_does_not_fit_is_refused_at_load() -> None:
    other = Tokenizer.from_str(
        train_tokenizer(iter([LINES]), 400).to_str().replace("<|assistant|>", "<|other|>")
    )
    with pytest.raises(
        TokenizerError, match=r"<\|assistant\|>, which the prompt profile 'codegeex4'"
    ) as caught:
        encoder(SourceTokenizer(other))
    assert caught.value.remedy.endswith("glm-fim-psm, glm-fim-spm, base, plain.")
    with pytest.raises(TokenizerError, match="unknown prompt profile"):
        PromptEncoder(SourceTokenizer(other), "nonsense", 256)


@pytest.mark.parametrize("text", ["naïve 中文 \U0001f600 x", "plain", "\U0001f469‍\U0001f4bb"])
def test_streamed_text_is_whole_and_never_shows_half_characters(
    tokenizer: SourceTokenizer, text: str
) -> None:
    decoder = StreamDecoder(tokenizer)
    pieces = [decoder.push(i) for i in tokenizer.encode(text)]
    assert "".join(pieces) + decoder.flush() == text
    assert all("\ufffd" not in piece for piece in pieces)


def test_a_cut_character_at_the_end_is_dropped(tokenizer: SourceTokenizer) -> None:
    ids = tokenizer.encode("\U0001f9ff")
    assert len(ids) > 1
    decoder = StreamDecoder(tokenizer)
    assert "".join(decoder.push(i) for i in ids[:-1]) + decoder.flush() == ""


def test_an_unreadable_tokenizer_is_named(tmp_path: object) -> None:
    path = tmp_path / "tokenizer.json"  # type: ignore[operator]
    path.write_text("{")
    with pytest.raises(TokenizerError, match=r"tokenizer\.json"):
        SourceTokenizer.open(path)


def test_megabytes_are_not_tokenized(tokenizer: SourceTokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    encode = tokenizer.encode_with_starts
    monkeypatch.setattr(tokenizer, "encode_with_starts", lambda text: seen.append(len(text)) or encode(text))
    one = encoder(tokenizer)
    ids = one.encode(request("x " * 2_000_000, "y " * 1_000_000))
    assert len(ids) <= one.budget
    assert max(seen) <= one.budget * 64

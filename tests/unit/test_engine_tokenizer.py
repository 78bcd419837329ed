"""The edge between text and ids for every tokenizer of the family: bytes of tokens, streaming, offsets, gaps."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tokenizers import Tokenizer

from glm_lsp.engine.healing import VocabularyIndex, take_back
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.tokenizer import SourceTokenizer, StreamDecoder
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.errors import RequestError, TokenizerError
from glm_lsp.models.tokenizers import convert_tokenizer
from tests.official.sentencepiece_writer import BLANK, bpe_pieces, model_file
from tests.official.tokenizer_files import FAMILIES, write_tokenizer_files
from tests.tokenizer_texts import texts

CHINESE = "original, Chinese"
ROWS = [*FAMILIES, CHINESE]
EVERY_BYTE = list(FAMILIES)
PIECES = ("chatglm2", "chatglm3", "chatglm-6b")
CODE = (
    "def main(self):\n    变量 = 函数(参数)  # 注释 \U0001f44b\n\n\tif 条件:\r\n        return  '你好'\n" * 3
)


@cache
def tokenizer(family: str) -> SourceTokenizer:
    with TemporaryDirectory() as name:
        folder = Path(name)
        chinese = family == CHINESE
        kind = "glm-original" if chinese else family
        write_tokenizer_files(folder, kind, 512, chinese=chinese)
        return SourceTokenizer(Tokenizer.from_str(convert_tokenizer(folder, kind).json))


def blank_in_front(family: str) -> str:
    """What sentencepiece adds to a text, and takes away again when a whole text is decoded."""
    return (
        " "
        if family
        not in ("codegeex4", "glm-4", "glm-4-hf", "glm-4-0414", "glm-edge", "glm-original", "starter")
        else ""
    )


def streamed(family: str, ids: list[int]) -> list[str]:
    decoder = StreamDecoder(tokenizer(family))
    return [*map(decoder.push, ids), decoder.flush()]


@pytest.mark.parametrize("family", EVERY_BYTE)
def test_tokens_are_the_bytes_of_the_text(family: str) -> None:
    for text in texts():
        if text:
            spelled = b"".join(map(tokenizer(family).token_bytes, tokenizer(family).encode(text)))
            blank = "" if not blank_in_front(family) else " "
            assert spelled == (blank + text.replace(BLANK, " " if blank else BLANK)).encode()


@pytest.mark.parametrize("family", EVERY_BYTE)
def test_streamed_text_is_exact_wherever_it_begins(family: str) -> None:
    """An answer begins in the middle of a text: its first token's blank belongs to it."""
    for text in ("def f():\n    return  x\n        y", "  两个 空格\n\t tab  ", CODE):
        ids = tokenizer(family).encode(text)
        whole = blank_in_front(family) + text
        for cut in range(len(ids)):
            before = b"".join(map(tokenizer(family).token_bytes, ids[:cut]))
            rest = whole.encode()[len(before) :]
            pieces = streamed(family, ids[cut:])
            assert "".join(pieces) == rest.decode(errors="replace")


@pytest.mark.parametrize("family", EVERY_BYTE)
def test_half_characters_wait_and_replacement_characters_do_not(family: str) -> None:
    for text in ("\U0001f9ff", "é\U0001f9ff\u0e33", "\U0001f469\u200d\U0001f4bb"):
        ids = tokenizer(family).encode(text)
        assert len(ids) > 2
        pieces = streamed(family, ids)
        assert all("\ufffd" not in piece for piece in pieces)
        assert "".join(pieces).strip() == text
        assert "".join(streamed(family, ids[:-1])).strip() == "".join(pieces[:-2]).strip()
    ids = tokenizer(family).encode("a\ufffd")
    pieces = streamed(family, ids)
    assert pieces[-1] == ""
    assert pieces[-2].endswith("\ufffd")


@pytest.mark.parametrize("family", PIECES)
def test_bytes_that_are_no_character_are_shown_as_such(family: str) -> None:
    source = tokenizer(family)
    byte = {source.token_bytes(i): i for i in range(source.vocab_size) if source.token_bytes(i) >= b"\x80"}
    (x,) = source.encode("x")[-1:]
    assert "".join(streamed(family, [byte[b"\xe4"], x])) == "\ufffdx"
    assert (
        "".join(streamed(family, [byte[b"\x80"], byte[b"\xe4"], byte[b"\xbd"], byte[b"\xa0"]])) == "\ufffd你"
    )
    assert "".join(streamed(family, [x, byte[b"\xe4"], byte[b"\xbd"]])) == "x"


@pytest.mark.parametrize("family", ROWS)
def test_special_tokens_say_nothing_and_have_names(family: str) -> None:
    source = tokenizer(family)
    for token_id in source.special_ids:
        assert source.token_bytes(token_id) == b""
        assert source.special_id(source.token_text(token_id)) == token_id


@pytest.mark.parametrize("family", PIECES)
def test_token_texts_keep_their_blanks(family: str) -> None:
    source = tokenizer(family)
    ids = source.encode("a in b")
    assert "".join(map(source.token_text, ids)) == " a in b"
    known = next(i for i in ids if len(source.token_text(i)) > 1 or source.token_text(i) == "i")
    assert source.token_text(known, skip_bytes=1) == source.token_text(known)[1:]


@pytest.mark.parametrize("family", EVERY_BYTE)
def test_the_vocabulary_index_knows_what_the_tokenizer_writes(family: str) -> None:
    source = tokenizer(family)
    index = VocabularyIndex(source.byte_vocabulary())
    assert {bytes([byte]) for byte in range(256)} <= {index.text_of(i) for i in range(source.vocab_size)}
    for text in ("def main(self):\n    return x", CODE):
        ids = source.encode(text)
        assert b"".join(map(index.text_of, ids)).decode() == blank_in_front(family) + text
    for char in " aex\n(":
        *_, token_id = source.encode("x" + char)
        assert index.longest(char.encode()) == token_id


def test_what_cannot_write_every_byte_has_no_byte_vocabulary() -> None:
    with pytest.raises(TokenizerError, match="every byte"):
        tokenizer(CHINESE).byte_vocabulary()


def test_healing_takes_back_a_piece_and_its_blank(tmp_path: Path) -> None:
    words = ["▁p", "▁pr", "▁pri", "▁prin", "▁print"]
    (tmp_path / "tokenizer.model").write_bytes(model_file(bpe_pieces(words, "▁printx")))
    source = SourceTokenizer(Tokenizer.from_str(convert_tokenizer(tmp_path, "chatglm3").json))
    index = VocabularyIndex(source.byte_vocabulary())
    ids = source.encode("x pri")
    assert take_back(index, ids) == (1, b" pri")
    fitting = {index.text_of(int(token_id)) for token_id in index.fitting(b" pri")}
    assert fitting >= {b" print", b" pri", b" pr", b" "}
    decoder = StreamDecoder(source, skip=len(" pri"))
    assert decoder.push(index.longest(b" print") or -1) == "nt"


@pytest.mark.parametrize("family", EVERY_BYTE)
def test_offsets_are_where_tokens_start(family: str) -> None:
    """Prompts are trimmed by them: a start is the number of characters that are complete before the token.

    Only ChatGLM-6B's unigram model gives all bytes of neighbouring unknown characters the start of the first.
    """
    byte_ids = set(range(tokenizer(family).vocab_size - 256, tokenizer(family).vocab_size))
    source = tokenizer(family)
    for text in (CODE, "你好", " x", "\n  \n", "\U0001f469\u200d\U0001f4bb = 1", *texts()[-40:]):
        if BLANK in text:
            continue
        ids, starts = source.encode_with_starts(text)
        assert ids == source.encode(text)
        assert starts == sorted(starts)
        before = -len(blank_in_front(family))
        data = text.encode()
        for token_id, start in zip(ids, starts, strict=True):
            complete = len(data[: max(0, before)].decode(errors="ignore"))
            if family == "chatglm-6b" and token_id in byte_ids:
                assert set(source.encode(text[start:complete])[1:]) <= byte_ids
            else:
                assert start == complete
            before += len(source.token_bytes(token_id))
        assert before == (len(data) if ids else -len(blank_in_front(family)))


@pytest.mark.parametrize("family", ["codegeex2", "chatglm3", "chatglm-6b"])
@pytest.mark.parametrize("context", [64, 200, 1000])
def test_prompts_are_cut_at_line_starts(family: str, context: int) -> None:
    source = tokenizer(family)
    encoder = PromptEncoder(source, "plain", context)
    text = "".join(f"第{number}行 = 函数({number})  # 注释\n" for number in range(40)) + "    返回 = "
    ids = encoder.encode(CompletionRequest(prompt=text, glm=GlmOptions(path="a.py", language="Python")))
    assert len(ids) <= encoder.budget
    kept = source.decode(ids)
    assert text.endswith(kept)
    assert kept == text or text[: -len(kept)].endswith("\n") or context == 64


def test_ids_in_gaps_are_nothing(tmp_path: Path) -> None:
    """The vocabulary of a Chinese GLM has an id that no token has; a model may still write it."""
    write_tokenizer_files(tmp_path, "codegeex4", 384)
    path = tmp_path / "tokenizer.json"
    content = json.loads(path.read_text())
    gap = max(content["model"]["vocab"].values()) + 1
    for token in content["added_tokens"]:
        token["id"] += 5
        content["model"]["vocab"][token["content"]] = token["id"]
    path.write_text(json.dumps(content))
    source = SourceTokenizer(Tokenizer.from_str(convert_tokenizer(tmp_path, "codegeex4").json))
    assert source.vocab_size == gap + 5 + 14
    assert source.special_id("<|endoftext|>") == gap + 5
    assert source.token_bytes(gap) == b""
    assert source.token_text(gap) == ""
    assert source.byte_vocabulary()[gap] is None
    (x,) = source.encode("x")
    decoder = StreamDecoder(source)
    assert [decoder.push(token_id) for token_id in (x, gap, x)] == ["x", "", "x"]
    encoder = PromptEncoder(source, "plain", 256)
    assert encoder.encode(CompletionRequest(prompt=(x, gap, x))) == [x, gap, x]
    with pytest.raises(RequestError, match=str(source.vocab_size - 1)):
        encoder.encode(CompletionRequest(prompt=(source.vocab_size,)))

"""Converted sentencepiece models against sentencepiece itself, on toy models trained here."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from glm_lsp.errors import TokenizerError
from glm_lsp.models.tokenizers.sentencepiece import from_sentencepiece
from glm_lsp.models.tokenizers.sentencepiece_file import read_sentencepiece
from tests.official.sentencepiece_writer import (
    BLANK,
    BPE,
    FIRST_PIECES,
    NORMAL,
    UNIGRAM,
    UNUSED,
    USER_DEFINED,
    Piece,
    block,
    bpe_pieces,
    model_file,
)
from tests.tokenizer_texts import code_sample, prompt_injections, texts

sentencepiece = pytest.importorskip("sentencepiece")

UNKNOWN_SHOWN = " \u2047 "
"""What sentencepiece writes for a character it does not know."""

BPE_AS_CHATGLM: dict[str, Any] = {
    "model_type": "bpe",
    "byte_fallback": True,
    "normalization_rule_name": "identity",
    "remove_extra_whitespaces": False,
    "max_sentencepiece_length": 32,
}
MODELS: dict[str, dict[str, Any]] = {
    "bpe": BPE_AS_CHATGLM,
    "bpe without dummy prefix": BPE_AS_CHATGLM | {"add_dummy_prefix": False},
    "bpe with pieces of one's own": BPE_AS_CHATGLM
    | {"user_defined_symbols": ["<n>", "<|tab|>", "<|blank_2|>", "<|blank_10|>", "▁▁▁▁", "▁▁"]},
    "bpe, normalised": {"model_type": "bpe", "byte_fallback": True, "normalization_rule_name": "nmt_nfkc"},
    "bpe, unknown characters": {"model_type": "bpe", "normalization_rule_name": "nfkc"},
    "unigram": {"model_type": "unigram", "byte_fallback": True, "normalization_rule_name": "nmt_nfkc"},
    "unigram, unknown characters": {
        "model_type": "unigram", "normalization_rule_name": "nfkc", "remove_extra_whitespaces": False,
    },
    "unigram with pieces of one's own": {
        "model_type": "unigram", "byte_fallback": True, "normalization_rule_name": "nmt_nfkc",
        "user_defined_symbols": ["<n>", "<|tab|>", "<|blank_2|>", "<|blank_10|>"],
        "control_symbols": ["[MASK]", "<sop>"],
    },
}  # fmt: skip


@cache
def trained(name: str) -> bytes:
    written = io.BytesIO()
    sentences = [line for line in code_sample(60_000).split("\n") if line.strip()]
    sentences += ["你好，世界。人工智能助手", "欢迎问我任何问题", "晚上睡不着应该怎么办"] * 20
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=written,
        vocab_size=800,
        character_coverage=0.9995,
        minloglevel=2,
        **MODELS[name],
    )
    return written.getvalue()


def converted(path: Path, data: bytes, specials: Mapping[str, int] | None = None) -> Tokenizer:
    path.write_bytes(data)
    result = from_sentencepiece(read_sentencepiece(path), path.name, specials=specials or {})
    tokenizer = Tokenizer.from_str(result.json)
    tokenizer.encode_special_tokens = True
    return tokenizer


def encode(tokenizer: Tokenizer, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids


@pytest.mark.parametrize("name", MODELS)
def test_encodes_and_decodes_as_sentencepiece(name: str, tmp_path: Path) -> None:
    assert len(texts()) >= 415
    reference = sentencepiece.SentencePieceProcessor(model_proto=trained(name))
    tokenizer = converted(tmp_path / "m.model", trained(name))
    for text in (*texts(), *prompt_injections(), "<n>", "a<|tab|>b<|blank_2|><|blank_10|>", "<|blank_3|>"):
        ids = reference.encode(text)
        assert encode(tokenizer, text) == ids, text
        text_again = reference.decode(ids)
        if reference.unk_id() in ids:  # shown as a mark there, not at all here; so blanks may begin the text
            assert tokenizer.decode(ids).lstrip() == text_again.replace(UNKNOWN_SHOWN, "").lstrip()
        else:
            assert tokenizer.decode(ids) == text_again


@pytest.mark.parametrize("name", ["bpe", "bpe without dummy prefix"])
def test_code_comes_back_byte_for_byte(name: str, tmp_path: Path) -> None:
    tokenizer = converted(tmp_path / "m.model", trained(name))
    for text in texts():
        # The mark for blanks itself is the one character sentencepiece cannot keep.
        assert tokenizer.decode(encode(tokenizer, text)) == text.replace(BLANK, " ")


@pytest.mark.parametrize("seed", range(4))
def test_ties_and_merged_vocabularies(seed: int, tmp_path: Path) -> None:
    """Pieces in one order, scores in another, many of them equal: as where two vocabularies were put together.

    Between pieces of equal score sentencepiece takes the one further left, the library the one with the lower id; that
    hardly ever makes a difference, and never one to the text.
    """
    reference = sentencepiece.SentencePieceProcessor(model_proto=trained("bpe"))
    count = reference.get_piece_size()
    pieces = [
        Piece(reference.id_to_piece(n), reference.get_score(n), _kind(reference, n)) for n in range(count)
    ]
    tied = [piece._replace(score=float(round(piece.score / (4 + seed)))) for piece in pieces[259:]]
    half = len(tied) // 2
    data = model_file([*pieces[:259], *tied[half:], *tied[:half]])
    reference = sentencepiece.SentencePieceProcessor(model_proto=data)
    tokenizer = converted(tmp_path / "m.model", data)
    wrong = [text for text in texts() if encode(tokenizer, text) != reference.encode(text)]
    assert len(wrong) <= len(texts()) // 100
    assert [text for text in wrong if tokenizer.decode(encode(tokenizer, text)) != text] == []


def _kind(reference: Any, number: int) -> int:
    if reference.is_unknown(number):
        return 2
    if reference.is_control(number):
        return 3
    return 6 if reference.is_byte(number) else NORMAL


def test_a_known_difference(tmp_path: Path) -> None:
    """Two combining marks on one letter: the library normalises letter and first mark and loses the second."""
    reference = sentencepiece.SentencePieceProcessor(model_proto=trained("bpe, normalised"))
    tokenizer = converted(tmp_path / "m.model", trained("bpe, normalised"))
    text = "a\u0301\u0302"
    assert tokenizer.decode(encode(tokenizer, text)) == "á"
    assert reference.decode(reference.encode(text)) == "á\u0302"


def test_an_own_writer_and_the_library_s_reader_agree(tmp_path: Path) -> None:
    """The files other tests write by hand are what sentencepiece takes them for."""
    data = model_file(bpe_pieces(["re", "ret", "你好", BLANK * 2], "▁abcdefrtxyz你好"))
    reference = sentencepiece.SentencePieceProcessor(model_proto=data)
    tokenizer = converted(tmp_path / "m.model", data)
    for text in texts():
        assert encode(tokenizer, text) == reference.encode(text)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"\xff" * 100, "no sentencepiece model"),
        (b"{}", "no sentencepiece model"),
        (block(2, b""), "no pieces"),
        (model_file([]), "no pieces"),
        (model_file([*FIRST_PIECES, Piece("a")]), "falls back to bytes"),
        (model_file([*FIRST_PIECES, Piece("a")], model_type=3, byte_fallback=False), "type 3"),
        (model_file([*FIRST_PIECES, Piece("a")], model_type=4, byte_fallback=False), "type 4"),
        (model_file([*FIRST_PIECES, Piece("a"), Piece("a")], byte_fallback=False), "'a' twice"),
        (model_file([*FIRST_PIECES, Piece("a", 0, UNUSED)], byte_fallback=False), "unused piece"),
        (model_file([*FIRST_PIECES, Piece("a", 0, 9)], byte_fallback=False), "damaged"),
        (model_file([*FIRST_PIECES, Piece("a", float("nan"))], byte_fallback=False), "score nan"),
        (model_file([*FIRST_PIECES, Piece("")], byte_fallback=False), "0 characters"),
        (model_file([*FIRST_PIECES, Piece("a" * 600)], byte_fallback=False), "600 characters"),
        (model_file([*FIRST_PIECES, Piece("c", 0, 3)], byte_fallback=False), "control token"),
        (model_file([Piece("a")], byte_fallback=False), "unknown characters"),
        (model_file([*FIRST_PIECES, Piece("a"), Piece("ab")], byte_fallback=False), "not all of its characters"),
        (model_file([*FIRST_PIECES, Piece("é", 0, USER_DEFINED)], byte_fallback=False), "user's own"),
        (model_file([*FIRST_PIECES, Piece("ctl", 0, 3)], model_type=UNIGRAM, byte_fallback=False), "could become"),
        (model_file([*FIRST_PIECES, Piece("a")], byte_fallback=False, charsmap=b"\0" * 9), "map is damaged"),
        (model_file([*FIRST_PIECES, Piece("a")], byte_fallback=False, extra=block(5, block(2, b"x"))), "decoded"),
        (model_file([*FIRST_PIECES, Piece("a")], byte_fallback=False, extra=block(3, b"\x28\0")), "blanks"),
    ],
)  # fmt: skip
def test_what_has_no_equal_is_refused_by_name(data: bytes, cause: str, tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=cause) as caught:
        converted(tmp_path / "m.model", data)
    assert caught.value.remedy


def test_only_pieces_without_use_may_be_unreachable(tmp_path: Path) -> None:
    """A piece that no two pieces make is never written by sentencepiece either."""
    data = model_file(bpe_pieces(["abc"], "abc"), model_type=BPE)
    reference = sentencepiece.SentencePieceProcessor(model_proto=data)
    assert encode(converted(tmp_path / "m.model", data), "abcabc") == reference.encode("abcabc")

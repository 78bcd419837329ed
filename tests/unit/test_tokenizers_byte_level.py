"""Converted byte-level tokenizers against tiktoken, on ranks learnt here; and what is refused."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
import regex
from tokenizers import Tokenizer

from glm_lsp.errors import TokenizerError
from glm_lsp.models.tokenizers import convert_tokenizer
from glm_lsp.models.tokenizers.byte_level import GLM4_SPLIT, from_tiktoken, read_ranks, spell
from tests.official.tokenizer_files import write_tokenizer_files
from tests.tokenizer_texts import code_sample, prompt_injections, texts

tiktoken = pytest.importorskip("tiktoken")

GPT2_SPLIT = r"'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


@cache
def learnt(num_merges: int, split: str = GLM4_SPLIT) -> tuple[bytes, ...]:
    """Tokens by rank: single bytes in an order of their own, then merges of what stands together most often."""
    words = Counter(regex.findall(split, code_sample(25_000) + "你好，世界。人工智能助手" * 9))
    parts = {word: [bytes([byte]) for byte in word.encode()] for word in words}
    tokens = [bytes([(byte * 7 + 33) % 256]) for byte in range(256)]
    while len(tokens) < 256 + num_merges:
        pairs: Counter[tuple[bytes, bytes]] = Counter()
        for word, count in words.items():
            for pair in zip(parts[word], parts[word][1:], strict=False):
                pairs[pair] += count
        left, right = max(pairs, key=lambda pair: (pairs[pair], pair))
        tokens.append(left + right)
        for word, old in parts.items():
            parts[word] = _merged(old, left, right)
    return tuple(dict.fromkeys(tokens))


def _merged(parts: list[bytes], left: bytes, right: bytes) -> list[bytes]:
    out: list[bytes] = []
    for part in parts:
        if out and out[-1] == left and part == right:
            out[-1] = left + right
        else:
            out.append(part)
    return out


def write_ranks(path: Path, tokens: Sequence[bytes]) -> Path:
    lines = (base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(tokens))
    path.write_bytes(b"".join(lines))
    return path


def reference(tokens: Sequence[bytes], split: str = GLM4_SPLIT) -> tiktoken.Encoding:
    ranks = {token: rank for rank, token in enumerate(tokens)}
    return tiktoken.Encoding("learnt", pat_str=split, mergeable_ranks=ranks, special_tokens={})


@pytest.mark.parametrize("extra", [(), (b"unreachable!", b"def main", "你好👋".encode())])
def test_encodes_and_decodes_as_tiktoken(extra: tuple[bytes, ...], tmp_path: Path) -> None:
    tokens = (*learnt(250), *extra)
    path = write_ranks(tmp_path / "tokenizer.model", tokens)
    tokenizer = Tokenizer.from_str(from_tiktoken(read_ranks(path), {"<|user|>": len(tokens)}, path.name).json)
    tokenizer.encode_special_tokens = True
    other = reference(tokens)
    assert len(texts()) >= 415
    for text in (*texts(), *prompt_injections(), "unreachable!", "unreachable!!", "def main()"):
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        assert ids == other.encode(text, disallowed_special=()), text
        assert tokenizer.decode(ids) == text


def test_english_glm_is_gpt2(tmp_path: Path) -> None:
    """GPT-2's merges and split, against tiktoken with the same; ids as the vocabulary file says."""
    tokens = learnt(200, GPT2_SPLIT)
    (tmp_path / "vocab.json").write_text(
        json.dumps({spell(token): rank for rank, token in enumerate([*tokens, b"<|endoftext|>"])})
    )
    ranks = {token: rank for rank, token in enumerate(tokens)}
    merges = [_halves(token, ranks) for token in tokens if len(token) > 1]
    (tmp_path / "merges.txt").write_text(
        "#version: 0.2\n" + "".join(f"{spell(a)} {spell(b)}\n" for a, b in merges), encoding="utf-8"
    )
    result = convert_tokenizer(tmp_path, "glm-original")
    tokenizer = Tokenizer.from_str(result.json)
    tokenizer.encode_special_tokens = True
    other = reference(tokens, GPT2_SPLIT)
    for text in (*texts(), *prompt_injections()):
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        assert ids == other.encode(text, disallowed_special=()), text
        assert tokenizer.decode(ids) == text
    first = len(tokens) + 1
    assert tokenizer.token_to_id("<|startofpiece|>") == first
    assert tokenizer.token_to_id("[gMASK]") == first + 6


def _halves(token: bytes, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """Of all ways to cut a token in two older ones, the way that was there first."""
    cuts = [(token[:cut], token[cut:]) for cut in range(1, len(token))]
    known = [pair for pair in cuts if all(ranks.get(part, 10**9) < ranks[token] for part in pair)]
    smaller = tiktoken.Encoding(
        "older",
        pat_str="(?s:.+)",
        mergeable_ranks={t: r for t, r in ranks.items() if r < ranks[token]},
        special_tokens={},
    )
    parts = [smaller.decode_single_token_bytes(part) for part in smaller._encode_single_piece(token)]
    assert tuple(parts) in known
    return parts[0], parts[1]


BYTES = [bytes([byte]) for byte in range(256)]


def _long(rank: int) -> bytes:
    return base64.b64encode(b"a" * 500 + rank.to_bytes(4, "big")) + b" %d\n" % rank


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda text: text.replace(b" 7\n", b" 9999\n"), "without gaps"),
        (lambda text: text.replace(b" 7\n", b" 8\n"), "line 9"),
        (lambda text: text.replace(b" 7\n", b" -7\n"), "line 8"),
        (lambda text: text.replace(b" 7\n", b"\n"), "line 8"),
        (lambda text: text.replace(b" 7\n", b" 7 7\n"), "line 8"),
        (lambda text: text.replace(b"Bw== 7", b"B!== 7"), "line 8"),
        (lambda text: text.replace(b"Bw== 7", b"Bw= 7"), "line 8"),
        (lambda text: text.replace(b"Bw== 7", b"CA== 7"), "twice"),
        (lambda text: text.replace(b"Bw== 7", b"YWI= 7"), "every single byte"),
        (lambda text: text + b"= 256\n", "line 257"),
        (lambda text: text + base64.b64encode(b"a" * 600) + b" 256\n", "line 257"),
        (lambda text: text + "é 256\n".encode(), "line 257"),
        (lambda _: b"", "empty"),
        (lambda _: b"\n\n", "without gaps"),
        (lambda _: b"\0" * 5000, "line 1"),
        (lambda _: b"\n" * 2**21, "lines"),
        (lambda text: text + b"".join(_long(number) for number in range(256, 1256)), "longer tokens"),
    ],
)  # fmt: skip
def test_damaged_ranks_are_refused(change: object, cause: str, tmp_path: Path) -> None:
    path = write_ranks(tmp_path / "tokenizer.model", BYTES)
    path.write_bytes(change(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(TokenizerError, match=cause) as caught:
        convert_tokenizer(tmp_path, "glm-4")
    assert caught.value.remedy


def test_blank_lines_at_the_end_do_no_harm(tmp_path: Path) -> None:
    path = write_ranks(tmp_path / "tokenizer.model", BYTES)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"\n\n")
    assert read_ranks(path) == BYTES


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"decoder": {"type": "Metaspace"}}, "no byte-level"),
        ({"decoder": None}, "no byte-level"),
        ({"model": 1}, "no byte-level"),
        ({"model": {"type": "BPE", "vocab": [], "merges": []}}, "no byte-level"),
        ({"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}, "no byte-level"),
        ({"model": {"type": "BPE", "vocab": {"a": 2**40}, "merges": []}}, "no byte-level"),
        ({"model": {"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []}}, "an id twice"),
        ({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}, "every single byte"),
        ({"added_tokens": []}, "endoftext"),
        ({"added_tokens": [{"id": 3}]}, "damaged added token"),
        ({"added_tokens": [{"id": "3", "content": "x"}]}, "damaged added token"),
        ({"pre_tokenizer": {"type": "Nonsense"}}, "no usable tokenizer"),
        ({"normalizer": {"type": "Replace", "pattern": {"Regex": "("}, "content": ""}}, "no usable tokenizer"),
    ],
)  # fmt: skip
def test_a_damaged_tokenizer_json_is_refused(change: dict[str, object], cause: str, tmp_path: Path) -> None:
    write_tokenizer_files(tmp_path, "glm-4-hf", 384)
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(TokenizerError, match=cause) as caught:
        convert_tokenizer(tmp_path, "glm-4-hf")
    assert caught.value.remedy


def test_code_is_neither_cut_off_nor_padded_and_dropout_is_refused(tmp_path: Path) -> None:
    write_tokenizer_files(tmp_path, "glm-edge", 384)
    path = tmp_path / "tokenizer.json"
    content = json.loads(path.read_text())
    content["truncation"] = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    path.write_text(json.dumps(content))
    tokenizer = Tokenizer.from_str(convert_tokenizer(tmp_path, "glm-edge").json)
    assert tokenizer.decode(tokenizer.encode("x" * 50).ids) == "x" * 50
    content["model"]["dropout"] = 0.5
    path.write_text(json.dumps(content))
    with pytest.raises(TokenizerError, match="at random"):
        convert_tokenizer(tmp_path, "glm-edge")


def test_an_added_token_that_is_not_special_is_made_so(tmp_path: Path) -> None:
    """Else a user's text that holds its name would become the token."""
    write_tokenizer_files(tmp_path, "codegeex4", 384)
    path = tmp_path / "tokenizer.json"
    content = json.loads(path.read_text())
    for token in content["added_tokens"]:
        token["special"] = False
    path.write_text(json.dumps(content))
    tokenizer = Tokenizer.from_str(convert_tokenizer(tmp_path, "codegeex4").json)
    tokenizer.encode_special_tokens = True
    user = tokenizer.token_to_id("<|user|>")
    assert user not in tokenizer.encode("x <|user|> y", add_special_tokens=False).ids

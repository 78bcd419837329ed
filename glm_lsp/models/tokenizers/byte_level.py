"""Byte-level byte-pair encodings as a `tokenizer.json`: tiktoken's ranks, and GPT-2's vocabulary and merges."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from glm_lsp.errors import TokenizerError
from glm_lsp.models.byte_alphabet import CHAR_OF
from glm_lsp.models.tokenizers.converted import DAMAGED, ConvertedTokenizer, finish
from glm_lsp.models.tokenizers.tokenizer_file import (
    MAX_IDS,
    MAX_MODEL_BYTES,
    is_id,
    read_json,
    read_limited,
)

GLM4_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
MAX_TOKEN_BYTES = 512
_MAX_WORK = 10**8
"""Sum of the squares of all tokens' lengths, which finding their merges takes; GLM-4's come to 10 million."""

_DECODER = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}


def spell(token: bytes) -> str:
    """Bytes as a byte-level vocabulary writes them."""
    return "".join(map(CHAR_OF.__getitem__, token))


def read_ranks(path: Path) -> list[bytes]:
    """The tokens of a tiktoken file, by rank.

    Raises:
        TokenizerError: the file is damaged: its lines are not "base64 rank", ranks do not run from 0 without gaps, a
            token comes twice, or a single byte is missing.
    """
    lines = read_limited(path, MAX_MODEL_BYTES).splitlines()
    if len(lines) > MAX_IDS:
        raise TokenizerError(f"{path.name} has {len(lines)} lines, more than any tokenizer", DAMAGED)
    tokens: dict[int, bytes] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        fields = line.split()
        try:
            text, rank = fields
            token = base64.b64decode(text, validate=True)
            if (
                not rank.isdigit()
                or len(rank) > 8
                or int(rank) in tokens
                or not 1 <= len(token) <= MAX_TOKEN_BYTES
            ):
                raise ValueError
        except (ValueError, binascii.Error) as error:
            raise TokenizerError(f"line {number} of {path.name} is no new token and rank", DAMAGED) from error
        tokens[int(rank)] = token
    ranked = [tokens[rank] for rank in sorted(tokens)]
    if not ranked or max(tokens) != len(ranked) - 1:
        raise TokenizerError(f"the ranks in {path.name} do not run from 0 without gaps", DAMAGED)
    if len(set(ranked)) != len(ranked):
        raise TokenizerError(f"{path.name} has a token twice", DAMAGED)
    if not {bytes([byte]) for byte in range(256)} <= set(ranked):
        raise TokenizerError(f"{path.name} does not have every single byte", DAMAGED)
    if sum(len(token) ** 2 for token in ranked) > _MAX_WORK:
        raise TokenizerError(f"{path.name} has far longer tokens than any tokenizer", DAMAGED)
    return ranked


def from_tiktoken(ranked: list[bytes], specials: Mapping[str, int], origin: str) -> ConvertedTokenizer:
    """GLM-4's tokenizer: ids are ranks, special tokens behind them.

    Raises:
        TokenizerError: the library refuses the result.
    """
    ranks = {token: rank for rank, token in enumerate(ranked)}
    pairs = (_last_pair(token, ranks) for token in ranked if len(token) > 1)
    model = _model(
        {spell(token): rank for token, rank in ranks.items()} | dict(specials),
        [(spell(left), spell(right)) for left, right in filter(None, pairs)],
        # A text that is a token is that token, whether or not merges lead to it.
        ignore_merges=True,
    )
    split = {"type": "Split", "pattern": {"Regex": GLM4_SPLIT}, "behavior": "Isolated", "invert": False}
    pre_tokenizer = {"type": "Sequence", "pretokenizers": [split, _DECODER]}
    return finish(
        "byte-level", origin, model, specials=specials, pre_tokenizer=pre_tokenizer, decoder=_DECODER
    )


def _last_pair(token: bytes, ranks: Mapping[bytes, int]) -> tuple[bytes, bytes] | None:
    """The two tokens that are joined last when this one is written; None when merges do not lead to it."""
    parts = [token[number : number + 1] for number in range(len(token))]
    while len(parts) > 2:
        joined = [ranks.get(left + right, MAX_IDS) for left, right in pairwise(parts)]
        best = min(joined)
        if best == MAX_IDS:
            return None
        number = joined.index(best)
        parts[number : number + 2] = [parts[number] + parts[number + 1]]
    return parts[0], parts[1]


def from_gpt2(folder: Path, specials: Mapping[str, int], vocabulary: Mapping[str, int]) -> ConvertedTokenizer:
    """GPT-2's tokenizer, as the English GLMs use it: `merges.txt` beside a vocabulary that was read before.

    Raises:
        TokenizerError: the merges are damaged or do not fit the vocabulary.
    """
    path = folder / "merges.txt"
    try:
        lines = read_limited(path, MAX_MODEL_BYTES).decode().split("\n")
    except UnicodeDecodeError as error:
        raise TokenizerError(f"{path.name} is not UTF-8", DAMAGED) from error
    merges = []
    for number, line in enumerate(lines, start=1):
        if line.strip() and not (number == 1 and line.startswith("#version")):
            pair = line.rstrip("\r").split(" ")
            if len(pair) != 2 or not {*pair, "".join(pair)} <= vocabulary.keys():
                raise TokenizerError(f"line {number} of {path.name} is no pair of tokens", DAMAGED)
            merges.append((pair[0], pair[1]))
    if not set(CHAR_OF.values()) <= vocabulary.keys():
        raise TokenizerError("vocab.json does not have every single byte", DAMAGED)
    model = _model(dict(vocabulary) | dict(specials), merges, ignore_merges=False)
    split = _DECODER | {"use_regex": True}
    return finish("byte-level", "vocab.json", model, specials=specials, pre_tokenizer=split, decoder=_DECODER)


def read_vocabulary(path: Path) -> dict[str, int]:
    """Ids by token of a `vocab.json`.

    Raises:
        TokenizerError: it is damaged, or its ids do not run from 0 without gaps.
    """
    vocabulary = read_json(path)
    ids = [token_id for token_id in vocabulary.values() if is_id(token_id)]
    if len(ids) != len(vocabulary) or sorted(ids) != list(range(len(ids))) or "" in vocabulary:
        raise TokenizerError(f"the ids in {path.name} do not run from 0 without gaps", DAMAGED)
    return vocabulary


def _model(
    vocabulary: dict[str, int], merges: list[tuple[str, str]], *, ignore_merges: bool
) -> dict[str, Any]:
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": "",
        "end_of_word_suffix": "",
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": ignore_merges,
        "vocab": vocabulary,
        "merges": merges,
    }

"""Tiny tokenizer files in the format each model of the family ships, special tokens at the end as its class has them.

Made by hand in a few milliseconds. All texts in code's alphabet are encoded without unknown characters.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from glm_lsp.models.tokenizers.byte_level import GLM4_SPLIT, spell
from glm_lsp.models.tokenizers.special_tokens import (
    CHATGLM2,
    CHATGLM3,
    CHATGLM_6B,
    GLM4,
    GLM_CHINESE,
    GLM_ENGLISH,
)
from tests.official.sentencepiece_writer import (
    BLANK,
    BYTES,
    CONTROL,
    FIRST_PIECES,
    NORMAL,
    UNIGRAM,
    USER_DEFINED,
    Piece,
    bpe_pieces,
    model_file,
)
from tests.tiny_model import SPECIAL_TOKENS as STARTER

FAMILIES = (
    "codegeex4", "codegeex2", "chatglm3", "chatglm2", "chatglm2-32k", "chatglm-6b", "glm-4", "glm-4-hf",
    "glm-4-0414", "glm-edge", "glm-original", "starter",
)  # fmt: skip
_Text = TypeVar("_Text", str, bytes)

SMALLEST = 320
"""Rows a model needs at least for its tokenizer here."""

_LETTERS = BLANK + "etaoinsrhldcumfpgwybvkxjqz"
_CHARACTERS = _LETTERS + "_().:=,0123456789\"'[]{}+-*/<>!?#%&;@\\^`|~$ABCDEFGHIJKLMNOPQRSTUVWXYZ你好问答世界"
_BYTE_MERGES = (
    "  ", "    ", "re", "in", "er", "on", "se", "lf", "self", "de", "def", " def", "ret", "urn", "return", " =",
    "at", "or", "\n    ", "im", "port", "po", "rt", "():", "()", "am", "name", "pr", "int", "print", "你", "好",
)  # fmt: skip


def write_tokenizer_files(folder: Path, family: str, vocab_size: int, *, chinese: bool = True) -> int:
    """Writes a family's tokenizer files and returns the number of their ids, at most `vocab_size`.

    Args:
        vocab_size: rows of the model's embedding; at least `SMALLEST`.
        chinese: which of the original GLMs.
    """
    if vocab_size < SMALLEST:
        raise ValueError(f"{vocab_size} rows are too few for a tokenizer")
    folder.mkdir(parents=True, exist_ok=True)
    if family in ("chatglm2", "chatglm2-32k", "codegeex2", "chatglm3"):
        return _chatglm(folder, CHATGLM3 if family == "chatglm3" else CHATGLM2, vocab_size)
    if family == "chatglm-6b":
        return _chatglm_6b(folder, vocab_size)
    if family == "glm-4":
        return _tiktoken(folder, vocab_size)
    if family == "glm-original":
        return (_chinese if chinese else _english)(folder, vocab_size)
    return _json(folder, STARTER if family == "starter" else GLM4, vocab_size)


def _chatglm(folder: Path, specials: Sequence[str], vocab_size: int) -> int:
    count = vocab_size - len(specials) - 2  # the real ones, too, have rows that no token uses
    room = count - len(FIRST_PIECES) - len(BYTES)
    characters = _CHARACTERS[: max(len(_LETTERS), room * 3 // 4)]
    words = (word.replace(" ", BLANK).replace("\n", "") for word in _BYTE_MERGES)
    merges = [word for word in words if len(word) > 1 and set(word) <= set(characters)]
    pieces = bpe_pieces(_reachable(merges)[: room - len(characters)], characters)
    (folder / "tokenizer.model").write_bytes(model_file(pieces))
    return len(pieces) + len(specials)


def _chatglm_6b(folder: Path, vocab_size: int) -> int:
    most_blanks = 80 if vocab_size >= 440 else 8
    behind = [Piece(name, 0.0, CONTROL) for name in CHATGLM_6B]
    behind += [Piece("<|tab|>", 0.0, USER_DEFINED)]
    behind += [Piece(f"<|blank_{count}|>", 0.0, USER_DEFINED) for count in range(2, most_blanks + 1)]
    front = [*FIRST_PIECES, Piece("<pad>", 0.0, CONTROL), Piece("<n>", 0.0, USER_DEFINED)]
    room = vocab_size - len(front) - len(behind) - len(BYTES)
    texts = dict.fromkeys([*_LETTERS, f"{BLANK}def", "return", "in", *_CHARACTERS])
    normal = [Piece(text, -2 - rank / 8) for rank, text in enumerate([*texts][:room])]
    pieces = [*front, *normal, *behind, *BYTES]
    (folder / "ice_text.model").write_bytes(model_file(pieces, model_type=UNIGRAM))
    return len(pieces)


def _tiktoken(folder: Path, vocab_size: int) -> int:
    tokens = _byte_tokens(vocab_size - len(GLM4))
    lines = (base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(tokens))
    (folder / "tokenizer.model").write_bytes(b"".join(lines))
    return len(tokens) + len(GLM4)


def _json(folder: Path, specials: Sequence[str], vocab_size: int) -> int:
    tokens = _byte_tokens(vocab_size - len(specials))
    split = {"type": "Split", "pattern": {"Regex": GLM4_SPLIT}, "behavior": "Isolated", "invert": False}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    content: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": token_id, "content": name, **flags} for token_id, name in enumerate(specials, len(tokens))
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "ignore_merges": True,
            "vocab": {spell(token): rank for rank, token in enumerate(tokens)},
            "merges": [list(map(spell, pair)) for pair in _pairs(tokens)],
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    return len(tokens) + len(specials)


def _chinese(folder: Path, vocab_size: int) -> int:
    texts = dict.fromkeys([*_CHARACTERS, f"{BLANK}def", "return", "in", *map(chr, range(0x4E00, 0x4F00))])
    room = vocab_size - len(GLM_CHINESE) - len(FIRST_PIECES)
    pieces = [
        *FIRST_PIECES,
        *(Piece(text, -2 - rank / 8, NORMAL) for rank, text in enumerate([*texts][:room])),
    ]
    content = model_file(pieces, model_type=UNIGRAM, byte_fallback=False, remove_extra_whitespaces=True)
    (folder / "cog-pretrain.model").write_bytes(content)
    added = {name: token_id for token_id, name in enumerate(GLM_CHINESE, len(pieces)) if name}
    (folder / "added_tokens.json").write_text(json.dumps(added), encoding="utf-8")
    return len(pieces) + len(GLM_CHINESE)


def _english(folder: Path, vocab_size: int) -> int:
    tokens = _byte_tokens(vocab_size - len(GLM_ENGLISH) - 1)
    vocabulary = {spell(token): rank for rank, token in enumerate(tokens)} | {"<|endoftext|>": len(tokens)}
    added = {name: token_id for token_id, name in enumerate(GLM_ENGLISH, len(vocabulary))}
    merges = "".join(f"{' '.join(map(spell, pair))}\n" for pair in _pairs(tokens))
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}", encoding="utf-8")
    (folder / "added_tokens.json").write_text(json.dumps(added), encoding="utf-8")
    return len(vocabulary) + len(added)


def _byte_tokens(most: int) -> list[bytes]:
    """Single bytes, then what can be merged from tokens before it."""
    words = [word.encode() for word in _BYTE_MERGES]
    tokens = [bytes([byte]) for byte in range(256)]
    tokens += _reachable([word for word in words if len(word) > 1])
    return tokens[:most]


def _reachable(words: Sequence[_Text]) -> list[_Text]:
    """The words with all that is needed to merge them from their beginnings, each once."""
    return list(dict.fromkeys(word[:end] for word in words for end in range(2, len(word) + 1)))


def _pairs(tokens: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    known = set(tokens)
    return [(token[:-1], token[-1:]) for token in tokens if len(token) > 1 and token[:-1] in known]

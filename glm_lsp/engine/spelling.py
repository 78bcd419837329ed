"""How a tokenizer's entries spell bytes: byte-level alphabets, and sentencepiece's pieces and byte tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tokenizers import Tokenizer

from glm_lsp.models.byte_alphabet import BYTE_OF

Spelling = Callable[[str], bytes | None]
"""The bytes an ordinary entry stands for wherever it stands; None for what is none of this kind."""

_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")


def spelling_of(tokenizer: Tokenizer) -> Spelling:
    """How this tokenizer spells, read from its decoder; byte-level where that says nothing else."""
    replaced = _replaced(tokenizer)
    return _byte_level if replaced is None else _pieces(replaced[0], falls_back=replaced[1])


def has_pieces_for_runs(tokenizer: Tokenizer) -> bool:
    """Whether a run of characters is replaced by one piece before it is encoded, as ChatGLM-6B does with blanks."""
    replaced = _replaced(tokenizer)
    return replaced is not None and any(len(text) > 1 for text in replaced[0].values())


def _replaced(tokenizer: Tokenizer) -> tuple[dict[str, str], bool] | None:
    """What decoding replaces in a piece, and whether pieces may be bytes; None where there are no pieces."""
    state = json.loads(tokenizer.decoder.__getstate__()) if tokenizer.decoder is not None else {}
    steps: list[dict[str, Any]] = state.get("decoders", [])
    kinds = [step["type"] for step in steps]
    if "Fuse" not in kinds or not set(kinds) <= {"Replace", "ByteFallback", "Fuse", "Strip"}:
        return None
    # What comes before `Fuse` is done token by token; the blank stripped behind it is the one in front of a text.
    pairs = [
        (step["pattern"]["String"], step["content"])
        for step in steps[: kinds.index("Fuse")]
        if step["type"] == "Replace" and "String" in step["pattern"]
    ]
    return dict(pairs), "ByteFallback" in kinds


def is_byte_token(token: str) -> bool:
    """Whether an entry of a sentencepiece vocabulary stands for one byte of a character that is no piece."""
    return _BYTE_TOKEN.fullmatch(token) is not None


def _byte_level(token: str) -> bytes | None:
    """The bytes of an entry in the alphabet that writes each byte as one character."""
    try:
        return bytes(map(BYTE_OF.__getitem__, token))
    except KeyError:
        return None


def _pieces(replaced: dict[str, str], *, falls_back: bool) -> Spelling:
    pattern = re.compile("|".join(map(re.escape, replaced)) or r"(?!)")

    def spell(token: str) -> bytes | None:
        if falls_back and (match := _BYTE_TOKEN.fullmatch(token)):
            return bytes([int(match[1], 16)])
        return pattern.sub(lambda found: replaced[found[0]], token).encode()

    return spell

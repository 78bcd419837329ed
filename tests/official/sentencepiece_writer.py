"""Writes sentencepiece model files field by field, so that reading them is tested against something else."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
UNIGRAM, BPE = 1, 2

BLANK = "▁"


class Piece(NamedTuple):
    """One entry; `kind` is one of the numbers above."""

    text: str
    score: float = 0.0
    kind: int = NORMAL


BYTES = [Piece(f"<0x{byte:02X}>", 0.0, BYTE) for byte in range(256)]
FIRST_PIECES = [Piece("<unk>", 0.0, UNKNOWN), Piece("<s>", 0.0, CONTROL), Piece("</s>", 0.0, CONTROL)]


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def block(field: int, content: bytes) -> bytes:
    """A field of bytes, of text or of another message."""
    return varint(field << 3 | 2) + varint(len(content)) + content


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def model_file(
    pieces: Iterable[Piece],
    *,
    model_type: int = BPE,
    byte_fallback: bool = True,
    add_dummy_prefix: bool = True,
    remove_extra_whitespaces: bool = False,
    charsmap: bytes = b"",
    extra: bytes = b"",
) -> bytes:
    """A `ModelProto`. `extra` is appended as it is."""
    entries = (
        block(1, text.encode()) + varint(2 << 3 | 5) + struct.pack("<f", score) + number(3, kind)
        for text, score, kind in pieces
    )
    trainer = number(3, model_type) + number(35, int(byte_fallback))
    normalizer = (
        (block(2, charsmap) if charsmap else b"")
        + number(3, int(add_dummy_prefix))
        + number(4, int(remove_extra_whitespaces))
        + number(5, 1)
    )
    return b"".join(block(1, entry) for entry in entries) + block(2, trainer) + block(3, normalizer) + extra


def bpe_pieces(merges: Iterable[str], characters: Iterable[str]) -> list[Piece]:
    """A vocabulary as training leaves it: bytes, then merges from the most frequent on, then single characters."""
    ranked = dict.fromkeys([*merges, *characters])
    return [*FIRST_PIECES, *BYTES, *(Piece(text, -float(rank)) for rank, text in enumerate(ranked))]

"""Reads a sentencepiece model file (`sentencepiece_model.proto`): the fields that encoding and decoding hang on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from glm_lsp.errors import TokenizerError
from glm_lsp.models.tokenizers.charsmap import check_charsmap
from glm_lsp.models.tokenizers.converted import DAMAGED
from glm_lsp.models.tokenizers.tokenizer_file import MAX_IDS, MAX_MODEL_BYTES, read_limited

MAX_PIECE_CHARS = 512

_Field = descriptor_pb2.FieldDescriptorProto
_FIELDS: dict[str, list[tuple[str, int, int, str]]] = {
    # (name, number, type, default); "" is the type's own default. Enums are read as numbers, texts as bytes.
    "Piece": [
        ("piece", 1, _Field.TYPE_BYTES, ""),
        ("score", 2, _Field.TYPE_FLOAT, ""),
        ("type", 3, _Field.TYPE_INT32, "1"),
    ],
    "TrainerSpec": [
        ("model_type", 3, _Field.TYPE_INT32, "1"),
        ("treat_whitespace_as_suffix", 24, _Field.TYPE_BOOL, ""),
        ("byte_fallback", 35, _Field.TYPE_BOOL, ""),
    ],
    "NormalizerSpec": [
        ("precompiled_charsmap", 2, _Field.TYPE_BYTES, ""),
        ("add_dummy_prefix", 3, _Field.TYPE_BOOL, "true"),
        ("remove_extra_whitespaces", 4, _Field.TYPE_BOOL, "true"),
        ("escape_whitespaces", 5, _Field.TYPE_BOOL, "true"),
    ],
}
_PARTS = [
    ("pieces", 1, "Piece"),
    ("trainer_spec", 2, "TrainerSpec"),
    ("normalizer_spec", 3, "NormalizerSpec"),
    ("denormalizer_spec", 5, "NormalizerSpec"),
]


class PieceType(IntEnum):
    """What a piece is for; the values are those of the file."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry of the vocabulary; its id is its place."""

    text: str
    score: float
    type: PieceType


@dataclass(frozen=True, slots=True)
class SentencePieceModel:
    """What a file says, checked.

    Attributes:
        pieces: no two have the same text.
        is_bpe: byte-pair merges; else a unigram model.
        byte_fallback: characters that are no piece become bytes.
        charsmap: the normalisation map, checked; may be empty.
        add_dummy_prefix: whether a blank is put before every text.
        remove_extra_whitespaces: whether blanks at both ends vanish and runs of them become one.
    """

    pieces: Sequence[Piece]
    is_bpe: bool
    byte_fallback: bool
    charsmap: bytes
    add_dummy_prefix: bool
    remove_extra_whitespaces: bool


def read_sentencepiece(path: Path) -> SentencePieceModel:
    """Reads and checks a file.

    Raises:
        TokenizerError: it is damaged, or needs something that has no equal in a `tokenizer.json`.
    """
    proto = _message_class()()
    try:
        proto.ParseFromString(read_limited(path, MAX_MODEL_BYTES))
    except DecodeError as error:
        raise TokenizerError(f"{path.name} is no sentencepiece model", DAMAGED) from error
    if not proto.pieces:
        raise TokenizerError(f"{path.name} is no sentencepiece model: it has no pieces", DAMAGED)
    trainer, normalizer = proto.trainer_spec, proto.normalizer_spec
    if trainer.model_type not in (1, 2):
        raise _unsupported(path, f"a model of type {trainer.model_type}, neither unigram (1) nor BPE (2)")
    if trainer.treat_whitespace_as_suffix or not normalizer.escape_whitespaces:
        raise _unsupported(path, "blanks that are not written at the beginning of pieces")
    if proto.denormalizer_spec.precompiled_charsmap:
        raise _unsupported(path, "a map that changes decoded text")
    if normalizer.precompiled_charsmap:
        check_charsmap(normalizer.precompiled_charsmap)
    pieces = _pieces(path, proto.pieces)
    if trainer.byte_fallback:
        _check_bytes(path, pieces)
    return SentencePieceModel(
        pieces=pieces,
        is_bpe=trainer.model_type == 2,
        byte_fallback=trainer.byte_fallback,
        charsmap=normalizer.precompiled_charsmap,
        add_dummy_prefix=normalizer.add_dummy_prefix,
        remove_extra_whitespaces=normalizer.remove_extra_whitespaces,
    )


def _pieces(path: Path, entries: Sequence[Any]) -> list[Piece]:
    if len(entries) > MAX_IDS:
        raise TokenizerError(f"{path.name} has {len(entries)} pieces, more than any tokenizer", DAMAGED)
    pieces: list[Piece] = []
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        try:
            piece = Piece(entry.piece.decode(), entry.score, PieceType(entry.type))
        except ValueError as error:  # not UTF-8, or no such type
            raise TokenizerError(f"piece {number} of {path.name} is damaged: {error}", DAMAGED) from error
        if not piece.text or "\0" in piece.text or len(piece.text) > MAX_PIECE_CHARS:
            raise TokenizerError(f"piece {number} of {path.name} has {len(piece.text)} characters", DAMAGED)
        if not math.isfinite(piece.score):
            raise TokenizerError(f"piece {piece.text!r} of {path.name} has the score {piece.score}", DAMAGED)
        if piece.text in seen:
            raise TokenizerError(f"{path.name} has the piece {piece.text!r} twice", DAMAGED)
        if piece.type is PieceType.UNUSED:
            raise _unsupported(path, f"the unused piece {piece.text!r}")
        if piece.type in (PieceType.CONTROL, PieceType.UNKNOWN) and len(piece.text) < 2:
            raise _unsupported(path, f"{piece.text!r} both as a character and as a control token")
        seen.add(piece.text)
        pieces.append(piece)
    if sum(piece.type is PieceType.UNKNOWN for piece in pieces) != 1:
        raise TokenizerError(f"{path.name} does not have exactly one piece for unknown characters", DAMAGED)
    return pieces


def _check_bytes(path: Path, pieces: Sequence[Piece]) -> None:
    found = {piece.text for piece in pieces if piece.type is PieceType.BYTE}
    if found != {f"<0x{byte:02X}>" for byte in range(256)}:
        raise TokenizerError(f"{path.name} falls back to bytes but does not have a piece for each", DAMAGED)


def _unsupported(path: Path, what: str) -> TokenizerError:
    return TokenizerError(
        f"{path.name} has {what}", "This tokenizer is not supported; report it with the model's name."
    )


@cache
def _message_class() -> Any:
    """The message type, in a pool of its own: another package may have registered the whole format already."""
    file = descriptor_pb2.FileDescriptorProto(name="pieces.proto", package="glm_lsp", syntax="proto2")
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for field, number, type_, default in fields:
            message.field.add(name=field, number=number, type=type_, label=_Field.LABEL_OPTIONAL)
            if default:
                message.field[-1].default_value = default
    model = file.message_type.add(name="Model")
    for field, number, name in _PARTS:
        label = _Field.LABEL_REPEATED if field == "pieces" else _Field.LABEL_OPTIONAL
        type_name = f".glm_lsp.{name}"
        model.field.add(name=field, number=number, type=_Field.TYPE_MESSAGE, type_name=type_name, label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("glm_lsp.Model"))

"""A sentencepiece model as a `tokenizer.json`: byte-pair merges or unigram scores, normaliser and decoder."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from glm_lsp.errors import TokenizerError
from glm_lsp.models.tokenizers.converted import DAMAGED, ConvertedTokenizer, finish
from glm_lsp.models.tokenizers.sentencepiece_file import Piece, PieceType, SentencePieceModel

BLANK = "▁"
_SHUT = {"<": "\ufdd1", "[": "\ufdd2"}
"""How unigram pieces write these: the library looks for all entries in text, for control tokens and bytes, too. As
text never holds what their names begin with, it never becomes one of them. These code points are no characters."""
_SHUT_TABLE = str.maketrans("".join(_SHUT), "".join(_SHUT.values()))
_FIRST_OWN, _MOST_OWN = 0x10F000, 256
"""Private characters at the very end of Unicode."""
_ALL = 2**20
"""Blanks at a text's beginning."""


def from_sentencepiece(
    model: SentencePieceModel,
    origin: str,
    *,
    specials: Mapping[str, int],
    replaced: Sequence[tuple[str, str]] = (),
) -> ConvertedTokenizer:
    """The tokenizer, with special tokens that are no pieces and at ids behind them.

    Args:
        specials: ids by name; the file's own control pieces are special too and need not be named.
        replaced: texts that the model's own tokenizer class replaces before it encodes, in this order, each with the
            piece it becomes. Decoding turns that piece back.

    Raises:
        TokenizerError: the vocabulary has no equal in a `tokenizer.json`.
    """
    controls = {
        piece.text: number
        for number, piece in enumerate(model.pieces)
        if piece.type in (PieceType.CONTROL, PieceType.UNKNOWN)
    }
    own = _own(model, origin)
    return finish(
        "sentencepiece",
        origin,
        _bpe(model, specials, own, origin) if model.is_bpe else _unigram(model, specials, origin),
        specials=controls | dict(specials),
        normalizer=_normalizer(model, replaced, own),
        decoder=_decoder(model, replaced, own),
    )


def _bpe(
    model: SentencePieceModel, specials: Mapping[str, int], own: Mapping[str, str], origin: str
) -> dict[str, Any]:
    vocabulary = {own.get(piece.text, piece.text): number for number, piece in enumerate(model.pieces)}
    normal = {piece.text for piece in model.pieces if piece.type is PieceType.NORMAL}
    # The best score first; sentencepiece breaks ties by position in the text, so their order here is free.
    ordered = sorted(
        (piece for piece in model.pieces if piece.text in normal), key=lambda piece: -piece.score
    )
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": _unknown(model.pieces)[1],
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": True,
        "byte_fallback": model.byte_fallback,
        "ignore_merges": False,
        "vocab": vocabulary | dict(specials),
        "merges": [pair for piece in ordered for pair in _splits(piece.text, normal, vocabulary, origin)],
    }


def _own(model: SentencePieceModel, origin: str) -> dict[str, str]:
    """The pieces that byte-pair merges must find whole and leave alone, each with a character that stands for it.

    Raises:
        TokenizerError: there are too many, or normalising could change one.
    """
    own = [piece.text for piece in model.pieces if model.is_bpe and piece.type is PieceType.USER_DEFINED]
    strange = [text for text in own if not text.replace(BLANK, "").isascii()]
    if strange or len(own) > _MOST_OWN:
        raise TokenizerError(
            f"{origin} has {len(own)} pieces of its user's own, such as {(strange or own)[0]!r}",
            "This tokenizer is not supported; report it with the model's name.",
        )
    # The longest is found first.
    return {text: chr(_FIRST_OWN + number) for number, text in enumerate(sorted(own, key=len, reverse=True))}


def _splits(text: str, normal: set[str], ids: Mapping[str, int], origin: str) -> list[tuple[str, str]]:
    """The pairs of pieces a piece can be merged from."""
    pairs = []
    for cut in range(1, len(text)):
        left, right = text[:cut], text[cut:]
        if left in normal and right in normal:
            pairs.append((left, right))
        elif all(part in normal or len(part) == 1 for part in (left, right)):
            raise TokenizerError(f"{origin} has the piece {text!r}, but not all of its characters", DAMAGED)
    return sorted(pairs, key=lambda pair: (ids[pair[0]], ids[pair[1]]))


def _unigram(model: SentencePieceModel, specials: Mapping[str, int], origin: str) -> dict[str, Any]:
    normal = [piece.score for piece in model.pieces if piece.type is PieceType.NORMAL]
    best, worst = max(normal, default=0.0), min(normal, default=0.0)

    texts = {piece.text for piece in model.pieces}
    unwritten = {
        f"<0x{ord(char):02X}>": code_point
        for char, code_point in _SHUT.items()
        if char not in texts and model.byte_fallback
    }

    def entry(piece: Piece) -> tuple[str, float]:
        if piece.type is PieceType.NORMAL:
            return _shut(piece.text), piece.score
        if piece.type is PieceType.USER_DEFINED:
            # sentencepiece's bonus, by which it wins
            return _shut(piece.text), len(piece.text.encode()) * best - 0.1
        # Where the character itself is no piece, its byte is: one that no other character has.
        return unwritten.get(piece.text, piece.text), worst

    hidden = [
        piece.text for piece in model.pieces if piece.type not in (PieceType.NORMAL, PieceType.USER_DEFINED)
    ]
    for name in (*hidden, *specials):
        if _shut(name) == name:
            raise TokenizerError(f"{origin} has the token {name!r}, which text could become", DAMAGED)
    entries = [entry(piece) for piece in model.pieces]
    names = {token_id: name for name, token_id in specials.items()}
    gaps = range(len(entries), max(names, default=-1) + 1)
    entries += [(names.get(token_id, f"<unused_{token_id}>"), worst) for token_id in gaps]
    return {
        "type": "Unigram",
        "unk_id": _unknown(model.pieces)[0],
        "vocab": entries,
        "byte_fallback": model.byte_fallback,
    }


def _shut(text: str) -> str:
    return text.translate(_SHUT_TABLE)


def _unknown(pieces: Sequence[Piece]) -> tuple[int, str]:
    """Number and text of the piece for unknown characters."""
    return next((n, piece.text) for n, piece in enumerate(pieces) if piece.type is PieceType.UNKNOWN)


def _normalizer(
    model: SentencePieceModel, replaced: Sequence[tuple[str, str]], own: Mapping[str, str]
) -> dict[str, Any]:
    def steps() -> Iterator[dict[str, Any]]:
        for text, piece in replaced:
            yield _replace({"String": text}, piece)
        if model.charsmap:
            yield {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(model.charsmap).decode()}
        if model.remove_extra_whitespaces:
            yield _replace({"Regex": r"\A +"}, "")
            yield _replace({"Regex": rf"[ {BLANK}]+\z"}, "")
            yield _replace({"Regex": " {2,}"}, " ")
        if model.add_dummy_prefix:
            yield {"type": "Prepend", "prepend": BLANK}
        yield _replace({"String": " "}, BLANK)
        if not model.is_bpe:
            for char, code_point in _SHUT.items():
                yield _replace({"String": char}, code_point)
        for text, char in own.items():
            yield _replace({"String": text}, char)

    return {"type": "Sequence", "normalizers": list(steps())}


def _decoder(
    model: SentencePieceModel, replaced: Sequence[tuple[str, str]], own: Mapping[str, str]
) -> dict[str, Any]:
    def steps() -> Iterator[dict[str, Any]]:
        yield _replace({"String": BLANK}, " ")
        texts = {piece: text for text, piece in replaced}
        for piece, char in own.items():
            yield _replace({"String": char}, texts.get(piece, piece.replace(BLANK, " ")))
        if not model.is_bpe:
            for text, piece in replaced:
                yield _replace({"String": _shut(piece)}, text)
            for char, code_point in _SHUT.items():
                yield _replace({"String": code_point}, char)
        if model.byte_fallback:
            yield {"type": "ByteFallback"}
        yield {"type": "Fuse"}
        if model.add_dummy_prefix or model.remove_extra_whitespaces:
            # Where runs of blanks are pieces of their own, only the blank in front of the text is not the text's.
            most = _ALL if model.remove_extra_whitespaces and not replaced else 1
            yield {"type": "Strip", "content": " ", "start": most, "stop": 0}

    return {"type": "Sequence", "decoders": list(steps())}


def _replace(pattern: Mapping[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}

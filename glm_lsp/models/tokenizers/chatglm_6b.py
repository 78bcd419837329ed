"""ChatGLM-6B's tokenizer: `ice_text.model`, line breaks and runs of blanks as pieces of their own, image tokens.

The first release keeps 20,000 ids for images in front of all others. In its model file the special tokens are not
there yet; its tokenizer class appends them, and so does this module.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from glm_lsp.errors import TokenizerError
from glm_lsp.models.tokenizers.converted import DAMAGED, ConvertedTokenizer
from glm_lsp.models.tokenizers.sentencepiece import from_sentencepiece
from glm_lsp.models.tokenizers.sentencepiece_file import (
    Piece,
    PieceType,
    SentencePieceModel,
    read_sentencepiece,
)
from glm_lsp.models.tokenizers.special_tokens import CHATGLM_6B
from glm_lsp.models.tokenizers.tokenizer_file import is_id, read_json

LINE_BREAK, TAB = "<n>", "<|tab|>"
NUM_IMAGE_TOKENS = 20_000
MAX_BLANKS = 80
_BLANKS = re.compile(r"<\|blank_(\d{1,3})\|>")


def from_ice_text(folder: Path, path: Path, vocab_size: int | None) -> ConvertedTokenizer:
    """The tokenizer of either release.

    Args:
        vocab_size: rows of the model's embedding; where `tokenizer_config.json` does not say how many image tokens
            there are, those that fit.

    Raises:
        TokenizerError: the file is damaged or lacks the pieces for line breaks.
    """
    model = _complete(read_sentencepiece(path))
    missing = {LINE_BREAK, TAB, "[MASK]", "[gMASK]", "<sop>", "<eop>"} - {
        piece.text for piece in model.pieces
    }
    if missing:
        raise TokenizerError(f"{path.name} has no piece {min(missing)}, as ChatGLM-6B's has", DAMAGED)
    replaced = [("\n", LINE_BREAK), ("\t", TAB), *_blanks(model)]
    num_image = _num_image_tokens(folder, len(model.pieces), vocab_size)
    images = [Piece(f"<image_{number}>", 0.0, PieceType.CONTROL) for number in range(num_image)]
    shifted = replace(model, pieces=[*images, *model.pieces])
    return from_sentencepiece(shifted, path.name, specials={}, replaced=replaced)


def _complete(model: SentencePieceModel) -> SentencePieceModel:
    """The model with the pieces that the first release's tokenizer class appends."""
    if any(piece.text == CHATGLM_6B[0] for piece in model.pieces):
        return model
    appended = [Piece(name, 0.0, PieceType.CONTROL) for name in CHATGLM_6B]
    blanks = (f"<|blank_{count}|>" for count in range(2, MAX_BLANKS + 1))
    appended += [Piece(name, 0.0, PieceType.USER_DEFINED) for name in (TAB, *blanks)]
    appended += [Piece(f"<0x{byte:02X}>", 0.0, PieceType.BYTE) for byte in range(256)]
    return replace(model, pieces=[*model.pieces, *appended], byte_fallback=True)


def _blanks(model: SentencePieceModel) -> list[tuple[str, str]]:
    """Runs of blanks and their pieces, the longest first."""
    found = (_BLANKS.fullmatch(piece.text) for piece in model.pieces)
    counts = sorted({int(match[1]) for match in found if match}, reverse=True)
    return [(" " * count, f"<|blank_{count}|>") for count in counts if 2 <= count <= MAX_BLANKS]


def _num_image_tokens(folder: Path, num_pieces: int, vocab_size: int | None) -> int:
    path = folder / "tokenizer_config.json"
    said = read_json(path).get("num_image_tokens") if path.is_file() else None
    if isinstance(said, int) and is_id(said):
        return said
    fits = vocab_size is not None and vocab_size >= num_pieces + NUM_IMAGE_TOKENS
    return NUM_IMAGE_TOKENS if fits else 0

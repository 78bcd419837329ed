"""Which file of a checkpoint folder holds a family's tokenizer, and what is added to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from glm_lsp.errors import TokenizerError
from glm_lsp.models.tokenizers.byte_level import from_gpt2, from_tiktoken, read_ranks, read_vocabulary
from glm_lsp.models.tokenizers.chatglm_6b import from_ice_text
from glm_lsp.models.tokenizers.converted import ConvertedTokenizer
from glm_lsp.models.tokenizers.sentencepiece import from_sentencepiece
from glm_lsp.models.tokenizers.sentencepiece_file import read_sentencepiece
from glm_lsp.models.tokenizers.special_tokens import (
    CHATGLM2,
    CHATGLM3,
    GLM4,
    GLM_CHINESE,
    GLM_ENGLISH,
    listed,
    numbered,
)
from glm_lsp.models.tokenizers.tokenizer_json import END_OF_TEXT, from_tokenizer_json

JSON, MODEL, ICE_TEXT, COG_PRETRAIN = (
    "tokenizer.json",
    "tokenizer.model",
    "ice_text.model",
    "cog-pretrain.model",
)
VOCABULARY, WORD_PIECES = "vocab.json", "vocab.txt"


def convert_tokenizer(folder: Path, family: str, *, vocab_size: int | None = None) -> ConvertedTokenizer:
    """The tokenizer of a checkpoint folder.

    Args:
        folder: holds the official files; nothing else of it is read.
        family: as in `Manifest.family`.
        vocab_size: rows of the model's embedding, which tells ChatGLM-6B's releases apart; ids beyond are refused.

    Raises:
        TokenizerError: a file is missing, damaged, or says something that a `tokenizer.json` cannot express.
    """
    try:
        read = _READERS[family]
    except KeyError:
        raise TokenizerError(
            f"no tokenizer is known for models of family {family!r}",
            f"Known are {', '.join(sorted(_READERS))}.",
        ) from None
    converted = read(folder, vocab_size)
    if vocab_size is not None and converted.num_ids > vocab_size:
        raise TokenizerError(
            f"{converted.origin} has {converted.num_ids} ids, the model only {vocab_size}",
            "Tokenizer and weights are of different models; download both again.",
        )
    return converted


def _chatglm2(folder: Path, _vocab_size: int | None) -> ConvertedTokenizer:
    return _pieces_and(CHATGLM2, folder)


def _chatglm3(folder: Path, _vocab_size: int | None) -> ConvertedTokenizer:
    return _pieces_and(CHATGLM3, folder)


def _pieces_and(names: tuple[str, ...], folder: Path) -> ConvertedTokenizer:
    # A tokenizer.json beside it is not looked at: the usual converters lose blanks.
    model = read_sentencepiece(_required(folder, MODEL))
    taken = {piece.text for piece in model.pieces}
    return from_sentencepiece(model, MODEL, specials=numbered(names, len(model.pieces), taken))


def _chatglm_6b(folder: Path, vocab_size: int | None) -> ConvertedTokenizer:
    return from_ice_text(folder, _required(folder, ICE_TEXT), vocab_size)


def _glm4(folder: Path, _vocab_size: int | None) -> ConvertedTokenizer:
    if (folder / JSON).is_file():
        return from_tokenizer_json(folder / JSON)
    ranked = read_ranks(_required(folder, MODEL, JSON))
    taken = {token.decode(errors="replace") for token in ranked}
    specials = listed(folder, len(ranked), taken) or numbered(GLM4, len(ranked), taken)
    return from_tiktoken(ranked, specials, MODEL)


def _json_only(folder: Path, _vocab_size: int | None) -> ConvertedTokenizer:
    return from_tokenizer_json(_required(folder, JSON))


def _original(folder: Path, _vocab_size: int | None) -> ConvertedTokenizer:
    if (folder / COG_PRETRAIN).is_file():
        model = read_sentencepiece(folder / COG_PRETRAIN)
        count, taken = len(model.pieces), {piece.text for piece in model.pieces}
        specials = listed(folder, count, taken) or numbered(GLM_CHINESE, count, taken)
        return from_sentencepiece(model, COG_PRETRAIN, specials=specials)
    if (folder / VOCABULARY).is_file():
        vocabulary = read_vocabulary(folder / VOCABULARY)
        specials = listed(folder, len(vocabulary), vocabulary) or numbered(
            GLM_ENGLISH, len(vocabulary), vocabulary
        )
        known = {END_OF_TEXT: vocabulary[END_OF_TEXT]} if END_OF_TEXT in vocabulary else {}
        return from_gpt2(folder, known | specials, vocabulary)
    if (folder / WORD_PIECES).is_file():
        raise TokenizerError(
            f"{folder.name} has a WordPiece tokenizer ({WORD_PIECES}), which loses case, blanks and line breaks",
            "Take another GLM; this one cannot write code.",
        )
    raise _missing(folder, COG_PRETRAIN, VOCABULARY)


def _required(folder: Path, *names: str) -> Path:
    """The first of these files that exists."""
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise _missing(folder, *names)


def _missing(folder: Path, *names: str) -> TokenizerError:
    return TokenizerError(
        f"{folder} has no {' or '.join(names)}",
        "Download the model's tokenizer file and put it beside its weights.",
    )


_READERS: dict[str, Callable[[Path, int | None], ConvertedTokenizer]] = {
    "chatglm-6b": _chatglm_6b,
    "chatglm2": _chatglm2,
    "chatglm2-32k": _chatglm2,
    "codegeex2": _chatglm2,
    "chatglm3": _chatglm3,
    "glm-4": _glm4,
    "codegeex4": _glm4,
    "glm-4-hf": _json_only,
    "glm-4-0414": _json_only,
    "glm-edge": _json_only,
    "glm-original": _original,
    "starter": _json_only,
}

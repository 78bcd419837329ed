"""Tokenizers with one token for each byte, and special tokens at whatever ids a published model has them."""

from __future__ import annotations

from collections.abc import Mapping

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from glm_lsp.engine.tokenizer import SourceTokenizer

GLM_4 = {
    name: 151329 + number
    for number, name in enumerate(
        (
            "<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>", "<|system|>", "<|user|>",
            "<|assistant|>", "<|observation|>", "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>",
            "<|end_of_video|>",
        )
    )
}  # fmt: skip
GLM_45 = GLM_4 | {"<|code_prefix|>": 151347, "<|code_middle|>": 151348, "<|code_suffix|>": 151349}
CHATGLM2 = {"</s>": 2} | {
    name: 64789 + number for number, name in enumerate(("[MASK]", "[gMASK]", "[sMASK]", "sop", "eop"))
}
CHATGLM3 = CHATGLM2 | {
    name: 64794 + number
    for number, name in enumerate(("<|system|>", "<|user|>", "<|assistant|>", "<|observation|>"))
}
CHATGLM_6B = {"[MASK]": 130000, "[gMASK]": 130001, "[sMASK]": 130002, "<sop>": 130004, "<eop>": 130005}
GLM_10B = {
    name: 50256 + number
    for number, name in enumerate(
        (
            "<|endoftext|>", "<|startofpiece|>", "<|endofpiece|>", "[CLS]", "[MASK]", "[SEP]", "[UNK]", "[gMASK]",
            "[sMASK]",
        )
    )
}  # fmt: skip


def byte_level(specials: Mapping[str, int], first_byte: int = 1000) -> Tokenizer:
    """Bytes in the order of their values from id `first_byte` on."""
    letters = {byte: letter for letter, byte in _byte_of().items()}
    vocabulary = {letters[byte]: first_byte + byte for byte in range(256)} | dict(specials)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(specials))
    return tokenizer


def byte_source(specials: Mapping[str, int]) -> SourceTokenizer:
    """As the engine uses it."""
    return SourceTokenizer(byte_level(specials))


def _byte_of() -> dict[str, int]:
    """Byte-level vocabularies write a byte as itself where that can be printed, else as a letter from U+0100 on."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {chr(256 + n): byte for n, byte in enumerate(hidden)}

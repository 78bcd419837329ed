"""The starter's tokenizer: byte-level BPE with one token for a newline and the indent after it.

The cursor after an automatic indent is then a token boundary. Special tokens come first and are matched in
text by nobody: `SourceTokenizer.encode` switches them off, and prompts insert them by id.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIAL_TOKENS = (
    "<|endoftext|>", "<|user|>", "<|assistant|>", "<|code_suffix|>", "<|code_prefix|>", "<|code_middle|>",
    "<|pad|>", "<|doc|>",
)  # fmt: skip
NUM_RESERVED = 64
"""Ids below this are special or kept free, so that a later tokenizer can add tokens without moving the others."""

SPLIT = r"(?:[ \t]*\r?\n)+[ \t]*|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|[ \t]+(?=\S)|\s+"
MAX_TOKEN_BYTES = 64


def train_tokenizer(texts: Iterator[str], vocab_size: int) -> Tokenizer:
    """Trains a byte-level BPE of `vocab_size` entries, specials and reserved ids included."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    reserved = [f"<|reserved_{i}|>" for i in range(len(SPECIAL_TOKENS), NUM_RESERVED)]
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[*SPECIAL_TOKENS, *reserved],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=MAX_TOKEN_BYTES,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def sample_texts(corpus: Path, max_bytes: int) -> Iterator[str]:
    """Every k-th document of a corpus file, k chosen so that about `max_bytes` are read."""
    step = max(1, corpus.stat().st_size // max_bytes)
    with corpus.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % step == 0:
                yield json.loads(line)["text"]


def main() -> None:
    """`python -m glm_lsp.train.tokenizer CORPUS.jsonl OUT.json --vocab-size N`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--vocab-size", type=int, default=8192)
    parser.add_argument("--sample-mb", type=int, default=25)
    args = parser.parse_args()
    tokenizer = train_tokenizer(sample_texts(args.corpus, args.sample_mb * 1_000_000), args.vocab_size)
    tokenizer.save(str(args.out))


if __name__ == "__main__":
    main()

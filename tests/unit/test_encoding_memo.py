"""A tokenizer with a memory says what it says without."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from glm_lsp.engine import encoding_memo
from glm_lsp.engine.encoding_memo import MAX_TEXTS, EncodingMemo
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.models.store import ModelStore

SOURCE = Path(encoding_memo.__file__).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tokenizer() -> SourceTokenizer:
    return SourceTokenizer.open(ModelStore().resolve("starter").tokenizer_path)


class Counted:
    """A tokenizer that counts the characters it is given."""

    def __init__(self, tokenizer: SourceTokenizer) -> None:
        self._tokenizer = tokenizer
        self.encode = tokenizer.encode
        self.num_chars = 0

    def encode_with_starts(self, text: str) -> tuple[list[int], list[int]]:
        self.num_chars += len(text)
        return self._tokenizer.encode_with_starts(text)


@pytest.mark.parametrize("seed", range(8))
def test_edits_are_encoded_as_if_for_the_first_time(tokenizer: SourceTokenizer, seed: int) -> None:
    rng, text = random.Random(seed), SOURCE
    memo = EncodingMemo(tokenizer)
    pieces = [
        "\n",
        "\n\n",
        "    ",
        "\t",
        "é",
        "中文",
        "\N{FIRE}",
        "\r\n",
        "def f(x):\n",
        "x",
        "\n#",
        " \n",
        "<|user|>",
    ]
    for _ in range(120):
        at = (
            rng.randrange(len(text) + 1)
            if rng.random() < 0.3
            else rng.randrange(len(text) * 3 // 4, len(text) + 1)
        )
        text = text[:at] + rng.choice(pieces) + text[at + rng.choice((0, 0, 1, 40)) :]
        assert tuple(memo.encode(text)) == tokenizer.encode_with_starts(text)


def test_typing_encodes_only_the_last_lines(tokenizer: SourceTokenizer) -> None:
    counted = Counted(tokenizer)
    memo = EncodingMemo(counted)  # type: ignore[arg-type]
    begin = len(SOURCE) - 300
    memo.encode(SOURCE[:begin])
    assert counted.num_chars == begin
    for end in range(begin + 1, begin + 200):
        memo.encode(SOURCE[:end])
        memo.encode(SOURCE[:end])
    assert counted.num_chars - begin < 199 * begin / 12


def test_only_so_many_texts_are_remembered(tokenizer: SourceTokenizer) -> None:
    counted = Counted(tokenizer)
    memo = EncodingMemo(counted)  # type: ignore[arg-type]
    for number in range(MAX_TEXTS + 1):
        memo.encode(f"text {number}")
    before = counted.num_chars
    memo.encode(f"text {MAX_TEXTS}")
    assert counted.num_chars == before
    memo.encode("text 0")
    assert counted.num_chars > before


def test_a_tokenizer_with_tokens_across_lines_is_noticed() -> None:
    vocabulary = {chr(code): code for code in range(32, 127)} | {"\n": 10, "\nd": 1, "1\n": 2}
    model = models.BPE(vocabulary, [("\n", "d"), ("1", "\n")])
    raw = Tokenizer(model)
    raw.pre_tokenizer = pre_tokenizers.Split("~", "isolated")
    tokenizer = SourceTokenizer(raw)
    memo = EncodingMemo(tokenizer)
    base = "a = 1\n" * 60
    for text in (base, base + "def", base + "d", base + "ef", base[:-1] + "d", base[:-2] + "1\nd"):
        assert tuple(memo.encode(text)) == tokenizer.encode_with_starts(text)

"""Text to token ids, fast: the tokenizer's result for source text, with its words looked up instead of computed.

Source code repeats its words, so the ids of a word are kept. Words are told apart by a regular expression that equals
the tokenizer's own for ASCII text; other text, and tokenizers with another expression, go to the tokenizer itself.
"""

from __future__ import annotations

import json
import re
from itertools import chain

from tokenizers import Tokenizer

from glm_lsp.errors import TokenizerError
from glm_lsp.train.tokenizer import SPLIT

MAX_WORDS = 400_000
_ASCII_SPLIT = (
    SPLIT.replace(r"[^\r\n\p{L}\p{N}]", "[^\r\na-zA-Z0-9]")
    .replace(r"[^\s\p{L}\p{N}]", r"[^\sa-zA-Z0-9]")
    .replace(r"\p{L}", "[a-zA-Z]")
    .replace(r"\p{N}", "[0-9]")
)


class SourceEncoder:
    """Encodes text with special tokens switched off: text that looks like one stays text."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        tokenizer.encode_special_tokens = True
        self._added_ids = frozenset(tokenizer.get_added_tokens_decoder())
        self._words: dict[str, list[int]] = {}
        self._split = re.compile(_ASCII_SPLIT, re.ASCII) if _splits_as_ours(tokenizer) else None

    def encode(self, text: str) -> list[int]:
        """Token ids of a text."""
        if self._split is None or not text.isascii():
            return self._compute(text)
        return list(chain.from_iterable(map(self._word, self._split.findall(text))))

    def find_special(self, name: str) -> int | None:
        """The id of a special token; None where the tokenizer has none of that name."""
        token_id = self._tokenizer.token_to_id(name)
        return int(token_id) if token_id in self._added_ids else None

    def special(self, name: str) -> int:
        """The id of a special token.

        Raises:
            TokenizerError: the tokenizer has no such token.
        """
        token_id = self.find_special(name)
        if token_id is None:
            raise TokenizerError(f"the tokenizer has no token {name}")
        return token_id

    def decode(self, token_ids: list[int]) -> str:
        """The text of some tokens, special ones included."""
        text: str = self._tokenizer.decode(token_ids, skip_special_tokens=False)
        return text

    def _word(self, word: str) -> list[int]:
        ids = self._words.get(word)
        if ids is None:
            ids = self._compute(word)
            if len(self._words) < MAX_WORDS:
                self._words[word] = ids
        return ids

    def _compute(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids


def _splits_as_ours(tokenizer: Tokenizer) -> bool:
    described = json.loads(tokenizer.to_str())
    steps = (described["pre_tokenizer"] or {}).get("pretokenizers", [])
    patterns = [step["pattern"].get("Regex") for step in steps if step["type"] == "Split"]
    return patterns == [SPLIT] and described["normalizer"] is None

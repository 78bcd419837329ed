"""Texts that have just been tokenized are not tokenized again: between two keys nearly nothing of a prompt changes."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from typing import NamedTuple

from glm_lsp.engine.slots import common_prefix
from glm_lsp.engine.tokenizer import SourceTokenizer

MAX_TEXTS = 24
MAX_CHARS = 256 * 1024
"""Of a text that is remembered."""

_SHORTEST = 256
"""Characters; less is tokenized faster than it is looked for."""

_CUTS = (
    ("x = 1\n", "y"), ("def f():\n    return\n\n\n", "def g"), ("}\n\n", "#if"), ("é\r\n", "中文"), ("\t\n", "@a"),
    ("# \n", "(x)"), ('"""\n', '"'), ("a\n", "_b"), ("1\n", "2"), (" \n \n", "end"), ("\n", "\N{FIRE}"), ("<|\n", "|>"),
)  # fmt: skip
"""Places where a line begins at its first column, to see whether a tokenizer always begins a token there."""


class Encoding(NamedTuple):
    """A text's token ids, and for each the offset (code points) where it starts."""

    token_ids: list[int]
    starts: list[int]


class EncodingMemo:
    """A tokenizer with a memory. A text that begins like a remembered one is tokenized from where they differ.

    More exactly, from the last line before that place which begins at column 0, where every tokenizer for code begins
    a token; one that does not is noticed here, and then only whole texts are remembered.
    """

    def __init__(self, tokenizer: SourceTokenizer) -> None:
        self._tokenizer = tokenizer
        self._texts: OrderedDict[str, Encoding] = OrderedDict()
        encode = tokenizer.encode
        self._splits_at_lines = all(encode(a + b) == encode(a) + encode(b) for a, b in _CUTS)

    def encode(self, text: str) -> Encoding:
        """What the tokenizer makes of a text. The lists are the memory's own: do not change them."""
        known = self._texts.get(text)
        if known is not None:
            self._texts.move_to_end(text)
            return known
        encoding = self._encode_rest(text)
        if len(text) <= MAX_CHARS:
            self._texts[text] = encoding
            if len(self._texts) > MAX_TEXTS:
                self._texts.popitem(last=False)
        return encoding

    def _encode_rest(self, text: str) -> Encoding:
        if self._splits_at_lines and len(text) >= _SHORTEST:
            alike, shared = self._most_alike(text)
            cut = _last_line_at_column_0(alike, shared)
            known = self._texts.get(alike, Encoding([], []))
            number = bisect_left(known.starts, cut)
            if cut and number < len(known.starts) and known.starts[number] == cut:
                rest = Encoding(*self._tokenizer.encode_with_starts(text[cut:]))
                return Encoding(
                    known.token_ids[:number] + rest.token_ids,
                    known.starts[:number] + [cut + start for start in rest.starts],
                )
        return Encoding(*self._tokenizer.encode_with_starts(text))

    def _most_alike(self, text: str) -> tuple[str, int]:
        """The remembered text with the longest common beginning, and its length; 0 when there is none."""
        best, longest = "", 0
        for known in reversed(self._texts):
            # Most are told apart by one comparison.
            if len(known) > longest and len(text) > longest and known[longest] == text[longest]:
                shared = common_prefix(known, text)
                if shared > longest:
                    best, longest = known, shared
            if longest * 4 > len(text) * 3:
                break  # what another one might have more is not worth the search
        return best, longest


def _last_line_at_column_0(text: str, end: int) -> int:
    """Where the last line before `end` begins that begins with something to see; 0 if none does."""
    at = end
    while (at := text.rfind("\n", 0, at)) >= 0:
        # The character behind the line break must be known to be the same, so it lies before `end`.
        if at + 1 < end and not text[at + 1].isspace():
            return at + 1
    return 0

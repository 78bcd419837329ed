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

_LINES_BACK = 2
"""Whole lines before the difference that are tokenized again, to see that they come out as before."""
_LEAST_AGREEING = 6
"""Tokens."""


class Encoding(NamedTuple):
    """A text's token ids, and for each the offset (code points) where it starts."""

    token_ids: list[int]
    starts: list[int]


class EncodingMemo:
    """A tokenizer with a memory. A text that begins like a remembered one is tokenized from where they differ.

    More exactly, from two lines before: where a token begins at a line's border, and the tokens behind it come out as
    they did in the whole text, the tokenizer is in step, and what it makes of the rest is what it would make of all.
    Where they do not, the whole text is tokenized.
    """

    def __init__(self, tokenizer: SourceTokenizer) -> None:
        self._tokenizer = tokenizer
        self._texts: OrderedDict[str, Encoding] = OrderedDict()

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
        if len(text) >= _SHORTEST:
            alike, shared = self._most_alike(text)
            known = self._texts.get(alike)
            number = _cut(known, text, shared) if known else 0
            if known and number:
                cut = known.starts[number]
                ids, starts = self._tokenizer.encode_with_starts(text[cut:])
                # Sentencepiece puts a blank before every text, as a token of its own if nothing begins with it.
                for first in (0, 1):
                    if _in_step(known, number, ids[first:], shared, text):
                        return Encoding(
                            known.token_ids[:number] + ids[first:],
                            known.starts[:number] + [cut + start for start in starts[first:]],
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


def _cut(known: Encoding, text: str, shared: int) -> int:
    """Number of the token at which to begin anew; 0 where there is none."""
    line = shared
    for _ in range(_LINES_BACK + 1):
        line = text.rfind("\n", 0, line)
        # Neither blank lines nor the blanks at a line's end: how those are cut may hang on all of them.
        while line > 0 and (text[line - 1].isspace() or text[line + 1 : line + 2] in ("\n", "\r", "")):
            line = text.rfind("\n", 0, line)
        if line <= 0:
            return 0
    number = bisect_left(known.starts, line)
    # The line break may end a token or begin one.
    return number if number < len(known.starts) and known.starts[number] <= line + 1 else 0


def _in_step(known: Encoding, number: int, ids: list[int], shared: int, text: str) -> bool:
    """Whether the tokens from `number` on are again what they were, up to the last line break that both texts have."""
    line_end = text.rfind("\n", known.starts[number] + 2, shared)
    if line_end < 0:
        return False
    # The tokens around the line's end may hang on what comes behind it.
    end = bisect_left(known.starts, line_end) - 1
    agreeing = end - number
    return agreeing >= _LEAST_AGREEING and known.token_ids[number:end] == ids[:agreeing]

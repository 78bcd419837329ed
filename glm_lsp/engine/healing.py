"""Token healing: the prompt's last tokens are taken back, and the answer must begin with their bytes.

A cursor often stands inside what the tokenizer would have written as one token ("pri" of "print"). A model that has
only seen whole tokens then continues badly. So the tail of the prompt that could be the beginning of one token is
taken off, and until the answer has written its bytes again only fitting tokens may be chosen: those that begin what
is left, and those that begin with all of it. The last one usually reaches beyond the cursor; only that part is new.

Ids and bytes only; nothing here knows of text, sessions or requests.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glm_lsp.engine.sampler import NUM_CANDIDATES
from glm_lsp.engine.session import Scores

MAX_TAKEN_BACK = 4
"""Tokens; each costs a step of decoding that prefill would have done almost for free."""


class VocabularyIndex:
    """The byte strings of all tokens that may be written, sorted, so that those with one beginning are neighbours.

    Args:
        texts: the bytes of each id; None for ids that are never offered, such as special tokens.
        only_words: whether `take_back` leaves tails alone that do not end in a letter, a digit or an underscore.
    """

    def __init__(self, texts: Sequence[bytes | None], *, only_words: bool = False) -> None:
        self.only_words = only_words
        ordered = sorted((text, token_id) for token_id, text in enumerate(texts) if text)
        self._texts = list(texts)
        self._sorted = [text for text, _ in ordered]
        self._ids = np.array([token_id for _, token_id in ordered], np.int64)
        self._id_of = dict(reversed(ordered))
        self._longest_from = [0] * 256
        """By the first byte."""
        for text, _ in ordered:
            self._longest_from[text[0]] = max(self._longest_from[text[0]], len(text))

    def text_of(self, token_id: int) -> bytes:
        """The bytes of a token; empty for those that are never offered."""
        return (self._texts[token_id] if token_id < len(self._texts) else None) or b""

    def texts_of(self, token_ids: Sequence[int]) -> list[bytes | None]:
        """The bytes of tokens that exist; None for those that are never offered."""
        return list(map(self._texts.__getitem__, token_ids))

    def can_grow(self, text: bytes) -> bool:
        """Whether a token begins with `text` and goes on behind it."""
        low, high = self._range(text)
        return high > low and len(self._sorted[high - 1]) > len(text)

    def longest(self, text: bytes) -> int | None:
        """The longest token that `text` begins with; None when there is none."""
        for length in range(min(len(text), self._longest_from[text[0]]) if text else 0, 0, -1):
            if (token_id := self._id_of.get(text[:length])) is not None:
                return token_id
        return None

    def fitting(self, text: bytes) -> NDArray[np.int64]:
        """Ids of the tokens that begin with `text`, or with which `text` begins. Shape [n], no order."""
        low, high = self._range(text)
        starts = (self._id_of.get(text[:length]) for length in range(1, len(text)))
        shorter = [token_id for token_id in starts if token_id is not None]
        return np.concatenate((np.array(shorter, np.int64), self._ids[low:high]))

    def _range(self, text: bytes) -> tuple[int, int]:
        """Where in the sorted list the tokens that begin with `text` are."""
        low = bisect_left(self._sorted, text)
        after = text.rstrip(b"\xff")
        if not after:
            return low, len(self._sorted)
        return low, bisect_left(self._sorted, after[:-1] + bytes([after[-1] + 1]), low)


@dataclass(frozen=True, slots=True)
class Healing:
    """What the answer still has to write again before it may say anything new."""

    vocabulary: VocabularyIndex
    remaining: bytes

    def constrain(self, scores: Scores) -> Scores:
        """The scores of one row with logits, as if only fitting tokens existed.

        Log-probabilities are conditional on what is already there: over the fitting tokens they add up to one.
        There may be fewer than eight of them.
        """
        if scores.logits is None:
            raise ValueError("healing needs logits")
        ids = self.vocabulary.fitting(self.remaining)
        logits = scores.logits[0][ids]
        best = float(logits.max())
        log_total = best + float(np.log(np.exp(logits - best).sum(dtype=np.float64)))
        if len(ids) > NUM_CANDIDATES:
            top = np.argpartition(logits, -NUM_CANDIDATES)[-NUM_CANDIDATES:]
            ids, logits = ids[top], logits[top]
        order = np.argsort(-logits, kind="stable")
        top_ids = ids[order][None]
        return Scores(top_ids[:, 0], top_ids, (logits[order] - np.float32(log_total))[None], scores.logits)

    def after(self, token_id: int) -> Healing | None:
        """What remains after a fitting token; None when all is written."""
        written = len(self.vocabulary.text_of(token_id))
        return Healing(self.vocabulary, self.remaining[written:]) if written < len(self.remaining) else None


def take_back(vocabulary: VocabularyIndex, token_ids: Sequence[int]) -> tuple[int, bytes]:
    """How many of the last tokens to take off, and their bytes: the longest tail that one token could begin with.

    (0, b"") where the last tokens can only be what they are. The tail begins with a whole UTF-8 character.
    """
    if vocabulary.only_words and not _ends_in_word(vocabulary.text_of(token_ids[-1]) if token_ids else b""):
        return 0, b""
    best, tail = (0, b""), b""
    for count, token_id in enumerate(reversed(token_ids[-MAX_TAKEN_BACK:]), start=1):
        text = vocabulary.text_of(token_id)
        if not text:
            break
        tail = text + tail
        if not _is_continuation(tail[0]) and vocabulary.can_grow(tail):
            best = (count, tail)
    return best


def _ends_in_word(text: bytes) -> bool:
    """Non-ASCII characters count as letters, which in source code most of them are."""
    return text[-1:].isalnum() or text[-1:] == b"_" or text[-1:] >= b"\x80"


def _is_continuation(byte: int) -> bool:
    """Whether a byte is the second, third or fourth of a UTF-8 character."""
    return byte & 0xC0 == 0x80

"""Looking up where a run of bytes stands in the text around the cursor, and what follows it there.

Bytes only. Copying asks here for each token, drafting for each guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHORTEST_MATCH = 3
"""Bytes; two are anywhere."""
LONGEST_MATCH = 32
MAX_PLACES = 16
"""The last ones count: they are nearest to the cursor."""
BORDER = b"\0"
"""Between two texts."""
_MAX_CANDIDATES = 16 * 1024
"""Places where the last bytes agree; more are in texts of one character, where looking at all of them takes long."""
_SHORT = 8 * 1024
"""Bytes; up to here a few searches for a byte string are faster than looking at all bytes in NumPy."""


@dataclass(frozen=True, slots=True)
class Match:
    """Where the last `length` bytes stand, too: `ends` are the offsets behind them, in the source's order."""

    length: int
    ends: tuple[int, ...]


class TextLookup:
    """The bytes to look things up in; matches do not cross from one text into the next.

    Args:
        texts: the last one ends at the cursor.
    """

    def __init__(self, texts: Iterable[bytes]) -> None:
        self.data = BORDER.join(texts)
        self._array: NDArray[np.uint8] = np.frombuffer(self.data, np.uint8)

    def tail(self, num_left_out: int = 0) -> bytes:
        """The end of the last text without its last bytes, as long as a match can be."""
        end = len(self.data) - num_left_out
        return self.data[max(0, end - LONGEST_MATCH) : end].rpartition(BORDER)[2]

    def find(self, context: bytes) -> Match | None:
        """The longest match of the end of `context` that has something behind it."""
        context = context[-LONGEST_MATCH:].rpartition(BORDER)[2]
        if len(context) < SHORTEST_MATCH or len(self.data) <= SHORTEST_MATCH:
            return None
        return self._find_short(context) if len(self.data) < _SHORT else self._find_long(context)

    def _find_short(self, context: bytes) -> Match | None:
        """By halving: what has a long match has a shorter one, too."""
        data, last = self.data, len(self.data) - 1
        low, high = SHORTEST_MATCH - 1, len(context)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if data.find(context[-middle:], 0, last) >= 0 else (low, middle - 1)
        if low < SHORTEST_MATCH:
            return None
        wanted, before = context[-low:], last
        ends: list[int] = []
        while len(ends) < MAX_PLACES and (at := data.rfind(wanted, 0, before)) >= 0:
            ends.append(at + low)
            before = at + low - 1
        return Match(low, tuple(reversed(ends)))

    def _find_long(self, context: bytes) -> Match | None:
        """All places at once, fewer with each byte that has to agree."""
        array, size = self._array, len(self._array)
        fits = array[SHORTEST_MATCH - 1 : -1] == context[-1]
        for back in range(2, SHORTEST_MATCH + 1):
            fits &= array[SHORTEST_MATCH - back : size - back] == context[-back]
        ends = np.flatnonzero(fits)[-_MAX_CANDIDATES:] + SHORTEST_MATCH
        length = SHORTEST_MATCH
        if not len(ends):
            return None
        while length < len(context):
            longer = ends[ends > length]
            longer = longer[array[longer - length - 1] == context[-length - 1]]
            if not len(longer):
                break
            ends, length = longer, length + 1
        return Match(length, tuple(ends[-MAX_PLACES:].tolist()))

    def advance(self, match: Match, text: bytes) -> Match | None:
        """The places of a match that go on with `text`, moved behind it; None when none does."""
        if BORDER in text:
            return None
        ends = (end + len(text) for end in match.ends if self.data.startswith(text, end))
        moved = tuple(end for end in ends if end < len(self.data))
        return Match(min(LONGEST_MATCH, match.length + len(text)), moved) if moved else None


class Trail:
    """Where an answer stands: the bytes before its next token, and where else they stand.

    Args:
        lookup: where to look.
        context: the bytes before the answer.
        pending: what the answer has to write again; the end of what stands before the cursor.
    """

    def __init__(self, lookup: TextLookup, context: bytes, pending: bytes = b"") -> None:
        self.lookup = lookup
        self.pending = pending
        self._context = context[-LONGEST_MATCH:]
        self._match: Match | None = None
        self._is_known = False

    @property
    def context(self) -> bytes:
        """The bytes before the next token, as many as a match can have; without what is pending."""
        return self._context

    @property
    def match(self) -> Match | None:
        """The longest match of everything before the cursor; None also if it is shorter than what is pending."""
        if not self._is_known:
            match = self.lookup.find(self._context + self.pending)
            self._match = match if match and match.length >= len(self.pending) else None
            self._is_known = True
        return self._match

    def after(self, text: bytes) -> None:
        """Goes on behind a token with this text."""
        self._context = (self._context + text)[-LONGEST_MATCH:]
        if self.pending:
            self._match, self._is_known = None, False
            self.pending = self.pending[len(text) :]
            return
        # The match of a token's beginning is still the longest one behind it, as long as it goes on.
        self._match = self.lookup.advance(self._match, text) if self._match and text else None
        self._is_known = self._match is not None

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
        array, size = self._array, len(self._array)
        if len(context) < SHORTEST_MATCH or size <= SHORTEST_MATCH or 0 in context[-SHORTEST_MATCH:]:
            return None
        fits = array[SHORTEST_MATCH - 1 : -1] == context[-1]
        for back in range(2, SHORTEST_MATCH + 1):
            fits &= array[SHORTEST_MATCH - back : size - back] == context[-back]
        ends = np.flatnonzero(fits) + SHORTEST_MATCH
        length = SHORTEST_MATCH
        if not len(ends):
            return None
        while length < min(LONGEST_MATCH, len(context)):
            longer = ends[ends > length]
            longer = longer[array[longer - length - 1] == context[-length - 1]]
            if not len(longer) or not context[-length - 1]:
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

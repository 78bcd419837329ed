"""Code points and bytes: how far into a text, and how far into its UTF-8.

In ASCII both are the same. Any other text has a mark every thousand code points, so that a conversion looks at one
stretch between two marks, and an edit moves marks instead of counting the text again.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

_STRETCH = 1024
"""Code points between two marks, at most twice as many."""


def encode(text: str) -> bytes:
    """UTF-8; a lone surrogate, which has none, becomes a question mark."""
    return text.encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Offsets:
    """Marks of one text: `chars[i]` code points are `sizes[i]` bytes. None at all for ASCII."""

    chars: tuple[int, ...] = ()
    sizes: tuple[int, ...] = ()

    @staticmethod
    def of(text: str) -> Offsets:
        """The marks of a text."""
        if text.isascii():
            return Offsets()
        chars, sizes = _marks(text, 0, len(text), 0)
        return Offsets(tuple(chars), tuple(sizes))

    def edited(self, text: str, start: int, num_removed: int, num_inserted: int) -> Offsets:
        """The marks of `text`, which differs from the one before in what stands at `start`.

        Args:
            text: the text after the edit.
            start: code points before the edit.
            num_removed: code points that were there.
            num_inserted: code points that are there now.
        """
        if text.isascii() or not self.chars:
            return Offsets.of(text)
        first = bisect_right(self.chars, start)
        last = bisect_right(self.chars, start + num_removed)
        # Marks behind the edit move; one lies at the end of the last stretch that was touched.
        moved = num_inserted - num_removed
        end = self.chars[last] + moved if last < len(self.chars) else len(text)
        chars, sizes = _marks(text, self.chars[first - 1], end, self.sizes[first - 1])
        if last < len(self.chars):
            end_bytes = sizes[-1] + len(encode(text[chars[-1] : end]))
            grown = end_bytes - self.sizes[last]
            chars += [mark + moved for mark in self.chars[last:]]
            sizes += [mark + grown for mark in self.sizes[last:]]
        return Offsets(self.chars[: first - 1] + tuple(chars), self.sizes[: first - 1] + tuple(sizes))

    def byte_of(self, text: str, offset: int) -> int:
        """Bytes before an offset of the text these marks are of."""
        if not self.chars:
            return offset
        mark = bisect_right(self.chars, offset) - 1
        return self.sizes[mark] + len(encode(text[self.chars[mark] : offset]))

    def offset_of(self, data: bytes, byte: int) -> int:
        """Code points before a byte of the text's UTF-8; within a character, those before it."""
        if not self.chars:
            return byte
        mark = bisect_right(self.sizes, byte) - 1
        return self.chars[mark] + len(data[self.sizes[mark] : byte].decode("utf-8", "ignore"))


def _marks(text: str, start: int, end: int, num_bytes: int) -> tuple[list[int], list[int]]:
    """Marks at `start`, where `num_bytes` lie before, and on, up to `end`."""
    chars, sizes = [start], [num_bytes]
    while end - chars[-1] > 2 * _STRETCH:
        sizes.append(sizes[-1] + len(encode(text[chars[-1] : chars[-1] + _STRETCH])))
        chars.append(chars[-1] + _STRETCH)
    return chars, sizes

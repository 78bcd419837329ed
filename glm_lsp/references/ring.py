"""The last pieces of text a person has looked at or changed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from glm_lsp.references.similarity import dice, words

MAX_CHUNKS = 16
_SAME = 0.9


@dataclass(frozen=True, slots=True)
class RingChunk:
    """A piece of a document; `file` is where the document lies."""

    file: str
    text: str
    words: frozenset[str]

    @classmethod
    def of(cls, file: str, text: str) -> RingChunk:
        """A piece with its words counted."""
        return cls(file, text, words(text))


class Ring:
    """At most 16 pieces, oldest first; a new one takes the place of those it is very similar to."""

    def __init__(self) -> None:
        self._chunks: deque[RingChunk] = deque(maxlen=MAX_CHUNKS)

    def __len__(self) -> int:
        return len(self._chunks)

    @property
    def chunks(self) -> tuple[RingChunk, ...]:
        """Oldest first."""
        return tuple(self._chunks)

    def add(self, chunk: RingChunk) -> None:
        """Appends a piece."""
        different = [old for old in self._chunks if dice(old.words, chunk.words) <= _SAME]
        self._chunks = deque([*different, chunk], MAX_CHUNKS)

    def forget(self, file: str) -> None:
        """Drops the pieces of one document."""
        self._chunks = deque((chunk for chunk in self._chunks if chunk.file != file), MAX_CHUNKS)

    def clear(self) -> None:
        """Drops everything."""
        self._chunks.clear()

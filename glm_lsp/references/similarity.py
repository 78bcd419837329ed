"""How alike two pieces of text are, by their words."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d]\w+")


def words(text: str) -> frozenset[str]:
    """Names and words of at least two characters."""
    return frozenset(_WORD.findall(text))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Words in both by words in either, from 0 to 1."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0


def dice(one: frozenset[str], other: frozenset[str]) -> float:
    """Twice the words in both by the words of each, from 0 to 1."""
    shared = len(one & other)
    return 2 * shared / (len(one) + len(other)) if shared else 0.0

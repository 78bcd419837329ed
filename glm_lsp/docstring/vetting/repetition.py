"""Sentences that turn in circles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SMALL_TEXT = """
    a an and are as at be been by for from has have if in into is it its number of on or over than that the their them
    this to was were when whether which with
"""
_SMALL = frozenset(_SMALL_TEXT.split())
"""Words that are no matter for wonder, however often they come."""
_MOST_OFTEN = 2
_LONG = 6
"""Words of a sentence for each time that one of them may come."""
_LEAST_TELLING = 2
_OF_ITSELF = re.compile(r"(?i)\b(\w{4,}) (?:of|for|in|to|from|with|by) (?:(?:the|a|an|this) )?\1\b")


def is_repetitive(text: str) -> bool:
    """Whether a word is said twice in a row or thrice at all, a part comes back, or a thing is one of itself."""
    words = [word.lower() for word in _WORD.findall(text)]
    counts = Counter(word for word in words if word not in _SMALL)
    return (
        any(one == other for one, other in pairwise(words))
        or any(count > max(_MOST_OFTEN, len(words) // _LONG) for count in counts.values())
        or _comes_back(words)
        or _OF_ITSELF.search(text) is not None
    )


def _comes_back(words: Sequence[str]) -> bool:
    """Whether a run of three or four words that tells something stands in it twice."""
    runs = Counter[tuple[str, ...]](zip(words, words[1:], words[2:], strict=False))
    runs += Counter(zip(words, words[1:], words[2:], words[3:], strict=False))
    return any(
        count > 1 and sum(word not in _SMALL for word in run) >= _LEAST_TELLING for run, count in runs.items()
    )

"""Brackets and quotes of one line, as far as they can be told without knowing the language."""

from __future__ import annotations

import re
from collections import Counter

CLOSERS = {")": "(", "]": "[", "}": "{"}
OPENERS = frozenset(CLOSERS.values())
_LITERAL = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`")
_QUOTES = "\"'`"


def mask_literals(line: str) -> str:
    """The line, of the same length, with its complete string literals blanked out; lone quotes stay."""
    return _LITERAL.sub(lambda literal: " " * len(literal[0]), line)


def ends_in_literal(masked: str) -> bool:
    """Whether a masked line has an open quote: what follows may be part of a string."""
    return any(quote in masked for quote in _QUOTES)


def count_open(masked: str, opened: Counter[str] | None = None) -> Counter[str]:
    """Brackets left open after a masked line, on top of `opened`; a closer without an opener counts for nothing."""
    left = Counter(opened)
    for char in masked:
        if char in OPENERS:
            left[char] += 1
        elif char in CLOSERS and left[CLOSERS[char]] > 0:
            left[CLOSERS[char]] -= 1
    return left


def leaves_open(text: str) -> bool:
    """Whether a text, of one line or several, opens a bracket that it does not close."""
    opened: Counter[str] = Counter()
    for line in text.split("\n"):
        opened = count_open(mask_literals(line), opened)
    return opened.total() > 0


def first_unopened(masked: str, start: int, opened: Counter[str]) -> int | None:
    """Index, at least `start`, of the first closer that closes neither `opened` nor a bracket of the line itself."""
    left = Counter(opened)
    for index in range(start, len(masked)):
        char = masked[index]
        if char in OPENERS:
            left[char] += 1
        elif char in CLOSERS:
            if left[CLOSERS[char]] == 0:
                return index
            left[CLOSERS[char]] -= 1
    return None


def imbalance(line: str) -> int:
    """How many brackets and quotes of the line lack their partner on it."""
    masked = mask_literals(line)
    opened: Counter[str] = Counter()
    unopened = 0
    for char in masked:
        if char in OPENERS:
            opened[char] += 1
        elif char in CLOSERS:
            if opened[CLOSERS[char]]:
                opened[CLOSERS[char]] -= 1
            else:
                unopened += 1
    return unopened + opened.total() + sum(masked.count(quote) for quote in _QUOTES)

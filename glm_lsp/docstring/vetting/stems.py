"""Words by what they have in common: `rows`, `reading` and `reader` tell of a row and of reading."""

from __future__ import annotations

import re

from glm_lsp.docstring.words.name_words import parts_of, words_of

_WORD = re.compile(r"[^\W\d_]\w*")
_ENDINGS = re.compile(r"(?:ations?|ations?|ions?|ings?|ers?|ors?|ies|ied|ed|es|s|e|y|i)$")
_LEAST = 3
"""Letters that are left of a word at least."""
_SMALL_TEXT = """
    a all already also an and any are as at be been being between but by can could do does each either else few for
    from had has have here how i if in into is it its itself may more most must no nor not of on once one only or other
    others our out over own s same should so some such than that the their them then there these they this those to too
    under up upon very via was we were what when where whether which while who whose why will with within without would
    you your
"""
_SMALL = frozenset(_SMALL_TEXT.split())
"""Words that tell of nothing by themselves."""


def stem(word: str) -> str:
    """What a word shares with its other forms, by its spelling; in small letters."""
    small = word.lower()
    cut = _ENDINGS.sub("", small, count=1)
    return cut if len(cut) >= _LEAST else small


def stems_of_text(text: str) -> list[str]:
    """Of the words of prose that tell something, in order; of a name of code in it those of its parts."""
    words = [part for name in _WORD.findall(text) for part in parts_of(name)]
    return [stem(word) for word in words if word.lower() not in _SMALL]


def stems_of_name(name: str) -> frozenset[str]:
    """Of the parts of a name as they are written, and of the words that those stand for."""
    return frozenset(stem(word) for word in (*parts_of(name), *words_of(name)))

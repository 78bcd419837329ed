"""Whether a model's sentence is likely to say more than the names do: by its probability and by what it is about.

The figures are those of the starter on held-out files of seven languages, by ROUGE-L against what the authors wrote:
docs/decisions.md has the curve. A large model's own words are surer than -0.6 per token more often than not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import fmean

from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.name_words import words_of
from glm_lsp.docstring.skeleton import SlotKind

_LEAST = {SlotKind.PARAMETER: -0.4, SlotKind.TYPE_PARAMETER: -0.4, SlotKind.ATTRIBUTE: -0.4}
"""Least mean of the tokens' natural log-probabilities."""
_LEAST_OTHERWISE = -0.6
_STEM = 5
"""Letters that forms of a word have in common: "parses", "parsing", "parser"."""
_REACH_BEFORE, _REACH_AFTER = 48 * 1024, 16 * 1024
"""Characters around the gap in which a sentence may have been read."""
_SMALL_WORDS_TEXT = """
    a an and are as at be by for from given if in into is it of on or return returns that the this to whether with
"""
_SMALL_WORDS = frozenset(_SMALL_WORDS_TEXT.split())
_WORD = re.compile(r"[^\W\d_]+")


def is_sure(kind: SlotKind, logprobs: Sequence[float]) -> bool:
    """Whether the mean of a sentence's log-probabilities is high enough for its kind of slot.

    Args:
        logprobs: of its tokens; empty where a server does not tell, which is taken for sure.
    """
    return not logprobs or fmean(logprobs) >= _LEAST.get(kind, _LEAST_OTHERWISE)


def is_misplaced(sentence: str, gap: Gap) -> bool:
    """Whether a sentence has been read elsewhere in the document, and no word of it is in the names at the gap.

    What tells of something else is copied with more confidence than anything is made up.
    """
    words = _WORD.findall(sentence)
    pattern = re.compile(r"[\W_]+".join(map(re.escape, words)), re.IGNORECASE)
    around = (gap.before[-_REACH_BEFORE:], gap.after[:_REACH_AFTER])
    return not _shares_word(words, gap) and any(pattern.search(text) for text in around)


def _shares_word(words: Sequence[str], gap: Gap) -> bool:
    names = [gap.slot.name, gap.entity.name if gap.entity else ""]
    if not any(names):
        return True
    own = {word.lower()[:_STEM] for name in names for word in words_of(name)}
    return any(word.lower()[:_STEM] in own for word in words if word.lower() not in _SMALL_WORDS)

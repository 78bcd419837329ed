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
from glm_lsp.docstring.verbs import VERBS, plain_form

_LEAST = {SlotKind.PARAMETER: -0.4, SlotKind.TYPE_PARAMETER: -0.4, SlotKind.ATTRIBUTE: -0.4}
"""Least mean of the tokens' natural log-probabilities."""
_LEAST_OTHERWISE = -0.6
_STEM = 5
"""Letters that forms of a word have in common: "parses", "parsing", "parser"."""
_REACH_BEFORE, _REACH_AFTER = 48 * 1024, 16 * 1024
"""Characters around the gap in which a sentence may have been read."""
_SMALL_WORDS_TEXT = """
    a an and are as at be by for from get given if in into is it of on or return returns that the this to whether with
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
    """Whether a sentence has been read elsewhere in the document, and is not about the names at the gap.

    What tells of something else is copied with more confidence than anything is made up. To be about a name, it has
    to hold half of the name's words, and must not begin with another verb.
    """
    words = _WORD.findall(sentence)
    own = words_of(gap.slot.name or (gap.entity.name if gap.entity else ""))
    if not own or (_is_about(words, own) and not _is_other_deed(words, own, gap.slot.kind)):
        return False
    pattern = re.compile(r"[\W_]+".join(map(re.escape, words)), re.IGNORECASE)
    return any(pattern.search(text) for text in (gap.before[-_REACH_BEFORE:], gap.after[:_REACH_AFTER]))


def _is_about(words: Sequence[str], own: Sequence[str]) -> bool:
    said = {word.lower()[:_STEM] for word in words}
    telling = [word.lower()[:_STEM] for word in own if word.lower() not in _SMALL_WORDS]
    return 2 * sum(word in said for word in telling) >= max(1, len(telling))


def _is_other_deed(words: Sequence[str], own: Sequence[str], kind: SlotKind) -> bool:
    first = words[0].lower()
    verb = first if first in VERBS else plain_form(first)
    return kind is SlotKind.SUMMARY and own[0] in VERBS and verb not in (None, "return", own[0])

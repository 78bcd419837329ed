"""Whether a model's sentence is likely to say more than the names do: by its probability and by what it is about.

Measured with the starter on held-out files of seven languages, by ROUGE-L against what the authors wrote (mean of the
model's sentences / of the short forms): parameters above -0.4: 0.83 / 0.41 (6), -0.6 to -0.4: 0.19 / 0.18 (4), below:
0.17 / 0.18 (27). Summaries above -0.6: 0.32 / 0.25 (13), below: 0.15 / 0.22 (67).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import fmean

from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.skeleton import SlotKind

_LEAST = {SlotKind.PARAMETER: -0.4, SlotKind.TYPE_PARAMETER: -0.4, SlotKind.ATTRIBUTE: -0.4}
"""Least mean of the tokens' natural log-probabilities."""
_LEAST_OTHERWISE = -0.6
_REACH_BEFORE, _REACH_AFTER = 48 * 1024, 16 * 1024
"""Characters around the gap in which a sentence may have been read."""
_NEAR = 60
"""Characters before the description of a parameter in which its name stands."""
_WORD = re.compile(r"[^\W\d_]+")


def is_sure(kind: SlotKind, logprobs: Sequence[float]) -> bool:
    """Whether the mean of a sentence's log-probabilities is high enough for its kind of slot.

    Args:
        logprobs: of its tokens; empty where a server does not tell, which is taken for sure.
    """
    return not logprobs or fmean(logprobs) >= _LEAST.get(kind, _LEAST_OTHERWISE)


def is_misplaced(sentence: str, gap: Gap) -> bool:
    """Whether a sentence stands elsewhere in the document, where it tells of something else.

    Such a one is copied with more confidence than anything is made up, and siblings differ in just the word that
    matters. What is said of a parameter or an exception may be said again of another one of that name.
    """
    words = _WORD.findall(sentence)
    if not words:
        return False
    written = re.compile(r"[\W_]+".join(map(re.escape, words)), re.IGNORECASE)
    named = re.compile(rf"(?<!\w){re.escape(gap.slot.name)}(?!\w)")
    before = [
        text[max(0, found.start() - _NEAR) : found.start()]
        for text in (gap.before[-_REACH_BEFORE:], gap.after[:_REACH_AFTER])
        for found in written.finditer(text)
    ]
    return bool(before) and not (gap.slot.name and any(named.search(text) for text in before))

"""How sure a model was of a sentence, and how sure it has to be."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from glm_lsp.docstring.skeleton import SlotKind

_LEAST = {SlotKind.SUMMARY: -1.0}
_LEAST_OTHERWISE = -1.0


def score(logprobs: Sequence[float]) -> float:
    """The mean of the tokens' natural log-probabilities; at least one."""
    return fmean(logprobs)


def is_sure(kind: SlotKind, logprobs: Sequence[float]) -> bool:
    """Whether a sentence is likely to say more than the names do.

    Args:
        logprobs: of its tokens; empty where a server does not tell, which is taken for sure.
    """
    return not logprobs or score(logprobs) >= _LEAST.get(kind, _LEAST_OTHERWISE)

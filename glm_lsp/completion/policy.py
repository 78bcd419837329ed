"""How sure a suggestion has to be before anybody sees it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Eagerness(StrEnum):
    """The setting `suggest`."""

    EAGER = "eager"
    BALANCED = "balanced"
    SUBTLE = "subtle"


@dataclass(frozen=True, slots=True)
class Policy:
    """What of a text may be shown.

    Attributes:
        threshold: the least probability of being right (`confidence.py`).
        trims: whether a text is cut to the beginning that promises to save most keys; otherwise it is shown as a
            whole wherever that parses.
        floor: the product of a text's token probabilities below which the engine need not go on. It is so low that
            no part that long has ever cleared `threshold`.
        documents: whether documentation that was just begun is completed as a whole: what it is about comes from the
            parse, but its sentences are not nearly sure.
        is_strict: whether a text may not add a syntax error either where a later line could take it away.
    """

    threshold: float = 0.0
    trims: bool = False
    floor: float = 0.0
    documents: bool = True
    is_strict: bool = True


SHOW_ALL = Policy(is_strict=False)
"""Whatever passes the filters and parses, likely or not: for who asks by hand, and may well want to open a bracket that
only a later line closes."""
POLICIES = {
    Eagerness.EAGER: Policy(),
    Eagerness.BALANCED: Policy(threshold=0.4, trims=True, floor=0.02),
    Eagerness.SUBTLE: Policy(threshold=0.8, trims=True, floor=0.1, documents=False),
}
"""The thresholds stand where docs/evaluation.md's curve of kept characters against precision puts them."""

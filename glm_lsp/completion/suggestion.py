"""What post-processing decides about one completion."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The text that may be shown, or the reason why there is none.

    Attributes:
        text: to be inserted at the cursor; empty when nothing may be shown.
        reason: name of the filter that left nothing over; empty when there is a text.
    """

    text: str
    reason: str = ""

"""How long to wait for the next key before the model is bothered."""

from __future__ import annotations

_MEMORY = 0.2


class Debounce:
    """Waits no longer than the model takes to answer: what is saved by waiting is at most one answer.

    What an editor has waited itself since the last key counts, so nothing is waited for twice.

    Args:
        longest_s: the setting `debounceMs`; 0 never waits. May be changed.
    """

    def __init__(self, longest_s: float = 0.0) -> None:
        self.longest_s = longest_s
        self._answer_s: float | None = None

    def delay_s(self, since_key_s: float) -> float:
        """Seconds to wait now, `since_key_s` after the last key.

        Before the first answer its time is not known, and the setting alone decides.
        """
        answer_s = self.longest_s if self._answer_s is None else self._answer_s
        return max(0.0, min(self.longest_s, answer_s) - since_key_s)

    def observe(self, answer_s: float) -> None:
        """Takes note of how long an answer took."""
        before = answer_s if self._answer_s is None else self._answer_s
        self._answer_s = before + _MEMORY * (answer_s - before)

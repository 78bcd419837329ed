"""The ghost text that a person sees, from key to key, and when it flickers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Screen:
    """What is suggested at the cursor.

    An editor keeps showing what is left of a suggestion while its beginning is typed, and takes it away at any
    other step. A later answer flickers when the person has typed what was shown and now sees something else.

    Attributes:
        shown: the ghost text, empty when there is none.
        num_shown: times that one appeared which was not what was left of the one before.
        num_replaced: times that another one stood in the place of what was left.
        num_back: times that what was left went away and came again while the person typed on as it said.
    """

    shown: str = ""
    num_shown: int = 0
    num_replaced: int = 0
    num_back: int = 0
    _vanished: str = ""

    def type(self, text: str) -> None:
        """The person types something."""
        self.shown = _left(self.shown, text)
        self._vanished = _left(self._vanished, text)

    def clear(self) -> None:
        """The person does something else."""
        self.shown = self._vanished = ""

    def answer(self, hint: str) -> bool:
        """An answer about the present text comes; returns whether it shows something new."""
        left, self.shown = self.shown, hint
        if hint == left:
            return False
        if not hint:
            self._vanished = left
            return False
        is_back = hint == self._vanished
        self.num_replaced += bool(left)
        self.num_back += is_back
        self.num_shown += not is_back
        self._vanished = ""
        return not is_back


def _left(hint: str, typed: str) -> str:
    return hint[len(typed) :] if hint.startswith(typed) else ""

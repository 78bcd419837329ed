"""Acceptance, survival and the counts of both, for all documents of one editor window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from glm_lsp.usage.acceptance import Acceptance, Event, Verdict
from glm_lsp.usage.edit import Edit, joined
from glm_lsp.usage.figures import UsageFigures
from glm_lsp.usage.survival import Survival


class Usage:
    """What the window's documents and suggestions tell. Knows no clock: times are seconds of any one.

    Args:
        read: the text between two offsets of an open document.

    Attributes:
        figures: the counts.
    """

    def __init__(self, read: Callable[[str, int, int], str]) -> None:
        self.figures = UsageFigures()
        self._read = read
        self._acceptance = Acceptance()
        self._survival = Survival()

    def shown(
        self, uri: str, text: str, place: tuple[int, int], texts: Iterable[str], at: float
    ) -> int | None:
        """Suggestions that are on screen now; without any, nothing is.

        Args:
            text: the document's present text.
            place: two offsets: each of `texts` would take the place of what stands between them. Both are the
                cursor, unless a popup is open.
            texts: of the items, in the order in which they were sent.

        Returns:
            The number to give `told` when one of them is taken; None if there is nothing that could be.
        """
        start, end = place
        replaced = text[start:end]
        left = [each[len(replaced) :] for each in texts if each.startswith(replaced)]
        if not any(left):
            self._note(self._acceptance.gone(uri, at), at)
            return None
        before, after = text[max(0, end - 1024) : end], text[end : end + 1024]
        number, events = self._acceptance.shown(uri, end, left, at, before=before, after=after)
        self._note(events, at)
        return number

    def edited(self, uri: str, edits: Sequence[Edit], at: float) -> None:
        """The edits of one message, each on the result of the one before."""
        for edit in joined(edits):
            self.figures.inserted_chars += len(edit.inserted)
            self._survival.edited(uri, edit)
            self._note(self._acceptance.edited(uri, [edit], at), at)

    def told(self, number: int, at: float) -> None:
        """The editor says that a suggestion was taken."""
        self._note(self._acceptance.told(number, at), at)

    def closed(self, uri: str, at: float) -> None:
        """Forgets a document; the counts stay."""
        self._note(self._acceptance.closed(uri, at), at)
        self._survival.closed(uri)

    def tick(self, at: float) -> None:
        """Time passes."""
        self._note(self._acceptance.tick(at), at)
        self.figures.looked_again(self._survival.tick(at, self._read))

    @property
    def next_due(self) -> float | None:
        """When `tick` should be called at the latest."""
        return self._survival.next_due

    def _note(self, events: list[Event], at: float) -> None:
        self.figures.happened(events)
        for event in events:
            if event.verdict is Verdict.TAKEN:
                self._survival.taken(event.uri, event.id, event.offset, event.text, at)
            elif event.verdict is Verdict.REVERTED:
                self._survival.reverted(event.id)

"""One change of a document's text, and what it comes down to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from glm_lsp.difference import common_prefix, common_suffix


@dataclass(frozen=True, slots=True)
class Edit:
    """`inserted` in place of `removed`, which began at `offset` (code points)."""

    offset: int
    removed: str
    inserted: str

    @property
    def end(self) -> int:
        """Where the removed text ended, in the text before."""
        return self.offset + len(self.removed)

    @property
    def growth(self) -> int:
        """By how many code points the text is longer now."""
        return len(self.inserted) - len(self.removed)

    @property
    def inverse(self) -> Edit:
        """What takes it back."""
        return Edit(self.offset, self.inserted, self.removed)

    def minimal(self) -> Edit:
        """The same without what removed and inserted text begin and end with alike.

        Editors that replace a whole line, or everything, have changed only what is left of it.
        """
        if not self.removed or not self.inserted:
            return self
        num_first = common_prefix(self.removed, self.inserted)
        removed, inserted = self.removed[num_first:], self.inserted[num_first:]
        num_last = common_suffix(removed, inserted, min(len(removed), len(inserted)))
        removed, inserted = removed[: len(removed) - num_last], inserted[: len(inserted) - num_last]
        return Edit(self.offset + num_first, removed, inserted)


def joined(edits: Iterable[Edit]) -> list[Edit]:
    """Minimal edits, a text that was first taken out and then put in (or the other way round) as one.

    Keys typed one by one stay apart, also when they come in one message.
    """
    found: list[Edit] = []
    for edit in edits:
        both = _replacement(found[-1], edit) if found else None
        if both is None:
            found.append(edit)
        else:
            found[-1] = both
    return [small for edit in found if (small := edit.minimal()).removed or small.inserted]


def _replacement(first: Edit, then: Edit) -> Edit | None:
    """Both as one edit, if one only takes out and the other only puts in, side by side."""
    if first.removed and not first.inserted and not then.removed and then.offset == first.offset:
        return Edit(first.offset, first.removed, then.inserted)
    if first.inserted and not first.removed and not then.inserted:
        if then.offset == first.offset + len(first.inserted):
            return Edit(first.offset, then.removed, first.inserted)
        if then.end == first.offset:
            return Edit(then.offset, then.removed, first.inserted)
    return None

"""What is still there of accepted text some time later. A text is kept for two minutes, its place for as long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from glm_lsp.usage.edit import Edit
from glm_lsp.usage.likeness import distance_within

AGES_S = (15, 30, 120)
MAX_KEPT_CHARS = 2048
"""Of a longer text only the beginning is looked at."""
_MAX_KEPT = 256
_LONGEST_STRETCH = 2
"""Nobody looks for a text in more than so many times its length."""


@dataclass(slots=True)
class _Kept:
    id: int
    uri: str
    start: int
    end: int
    text: str
    at: float
    num_checked: int = 0

    @property
    def due(self) -> float:
        return self.at + AGES_S[self.num_checked]


@dataclass(frozen=True, slots=True)
class Checked:
    """An accepted text at one of `AGES_S`: it survived if less than half of it was changed, blanks aside."""

    age_s: int
    survived: bool


class Survival:
    """Follows the places of accepted texts. Knows no clock: times are seconds of any one."""

    def __init__(self) -> None:
        self._kept: list[_Kept] = []

    def __len__(self) -> int:
        return len(self._kept)

    def taken(self, uri: str, id: int, offset: int, text: str, at: float) -> None:
        """A text was inserted. Pieces of one suggestion that join on count as one text."""
        for kept in self._kept:
            if kept.id == id and kept.uri == uri and kept.end == offset and not kept.num_checked:
                more = text[: MAX_KEPT_CHARS - len(kept.text)]
                kept.text += more
                kept.end += len(more)
                return
        text = text[:MAX_KEPT_CHARS]
        self._kept.append(_Kept(id, uri, offset, offset + len(text), text, at))
        del self._kept[:-_MAX_KEPT]

    def reverted(self, id: int) -> None:
        """It was no acceptance after all."""
        self._kept = [kept for kept in self._kept if kept.id != id]

    def edited(self, uri: str, edit: Edit) -> None:
        """Follows a minimal edit."""
        for kept in self._kept:
            if kept.uri == uri:
                _move(kept, edit)

    def closed(self, uri: str) -> None:
        """Forgets a document: what became of its texts is not known."""
        self._kept = [kept for kept in self._kept if kept.uri != uri]

    @property
    def next_due(self) -> float | None:
        """When `tick` should be called."""
        return min((kept.due for kept in self._kept), default=None)

    def tick(self, at: float, read: Callable[[str, int, int], str]) -> list[Checked]:
        """Looks at what is old enough; `read` gives the text between two offsets of an open document."""
        found: list[Checked] = []
        for kept in self._kept:
            if kept.due > at:
                continue
            there = read(kept.uri, kept.start, min(kept.end, kept.start + _LONGEST_STRETCH * MAX_KEPT_CHARS))
            wanted, there = _without_blanks(kept.text), _without_blanks(there)
            survived = 2 * distance_within(wanted, there) < max(1, len(wanted))
            while kept.num_checked < len(AGES_S) and kept.due <= at:
                found.append(Checked(AGES_S[kept.num_checked], survived))
                kept.num_checked += 1
        self._kept = [kept for kept in self._kept if kept.num_checked < len(AGES_S)]
        return found


def _without_blanks(text: str) -> str:
    """A text that was indented anew, or broken into other lines, is still there."""
    return "".join(text.split())


def _move(kept: _Kept, edit: Edit) -> None:
    """What an edit puts in place of a part belongs to the place; what it puts beside it does not."""
    if edit.end <= kept.start:
        kept.start += edit.growth
        kept.end += edit.growth
    elif edit.offset < kept.end:
        kept.end = kept.end + edit.growth if edit.end <= kept.end else edit.offset + len(edit.inserted)
        kept.start = min(kept.start, edit.offset)

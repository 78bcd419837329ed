"""The suggestion on screen, and what is left of it when the user types what it says."""

from __future__ import annotations

from dataclasses import dataclass, replace

from glm_lsp.completion.brackets import CLOSERS
from glm_lsp.completion.context import Window
from glm_lsp.completion.lines import line_end, line_start, next_line_start
from glm_lsp.completion.mode import Mode
from glm_lsp.completion.outcome import Candidate, Source
from glm_lsp.completion.postprocess import postprocess
from glm_lsp.completion.preferences import Preferences
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.completion.surroundings import Surroundings

_COMPARED_CHARS = 2000
_AUTO_CLOSED = frozenset([*CLOSERS, '"', "'", "`", ">"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What was answered for one document last, with enough of its text to tell whether that still holds.

    Attributes:
        version: of the document then.
        offset: of the cursor then.
        before: text before the cursor, at most 2,000 characters.
        rest_of_line: text from the cursor to the end of its line.
        below: text from the next line on, at most 2,000 characters.
        candidates: as they were shown, never empty.
        num_asked: how many had been asked for.
        preferences: what was wanted then; who wants something else now is asked anew.
    """

    version: int
    offset: int
    before: str
    rest_of_line: str
    below: str
    candidates: tuple[Candidate, ...]
    num_asked: int
    preferences: Preferences

    @classmethod
    def of(
        cls,
        snapshot: DocumentSnapshot,
        candidates: tuple[Candidate, ...],
        num_asked: int,
        preferences: Preferences,
    ) -> Shown:
        """The record of an answer to a snapshot."""
        text, cursor = snapshot.text, snapshot.offset
        return cls(
            version=snapshot.version,
            offset=cursor,
            before=text[max(0, cursor - _COMPARED_CHARS) : cursor],
            rest_of_line=text[cursor : line_end(text, cursor)],
            below=_below(text, cursor),
            candidates=candidates,
            num_asked=num_asked,
            preferences=preferences,
        )

    def remainders(self, snapshot: DocumentSnapshot) -> tuple[Candidate, ...]:
        """What is left of the candidates that begin with all that was typed since; empty when nothing fits.

        The text around must be as it was, but for brackets and quotes that the editor closed by itself.
        """
        text, cursor = snapshot.text, snapshot.offset
        rest = text[cursor : line_end(text, cursor)]
        auto_closed = rest.removesuffix(self.rest_of_line)
        is_same_place = (
            cursor >= self.offset
            and text.endswith(self.before, 0, self.offset)
            and rest.endswith(self.rest_of_line)
            and _AUTO_CLOSED.issuperset(auto_closed)
            and _below(text, cursor) == self.below
        )
        if not is_same_place:
            return ()
        typed = text[self.offset : cursor]
        left = [self._remainder(candidate, typed, snapshot, auto_closed) for candidate in self.candidates]
        return tuple(candidate for candidate in left if candidate is not None)

    @staticmethod
    def _remainder(
        candidate: Candidate, typed: str, snapshot: DocumentSnapshot, auto_closed: str
    ) -> Candidate | None:
        left = candidate.text[len(typed) :] if candidate.text.startswith(typed) else ""
        if left and auto_closed:
            left = _without_closed(left, snapshot)
        source = Source.TYPED_THROUGH if typed else Source.CACHE
        return replace(candidate, text=left, source=source) if left else None


def _below(text: str, cursor: int) -> str:
    start = next_line_start(text, cursor)
    return text[start : start + _COMPARED_CHARS]


def _without_closed(left: str, snapshot: DocumentSnapshot) -> str:
    """A remainder of one line without what the editor has closed meanwhile; empty when it has several lines."""
    if "\n" in left or "\r" in left:
        return ""
    text, cursor = snapshot.text, snapshot.offset
    lead = text[max(line_start(text, cursor), cursor - _COMPARED_CHARS) : cursor]
    window = Window(lead, "", text[cursor : line_end(text, cursor)])
    return postprocess(left, Surroundings(window=window, mode=Mode.LINE)).text

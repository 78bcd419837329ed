"""Whether a suggestion was taken, told by the edits that followed: editors send nothing else.

One edit that inserts a shown text at its place takes it; one that inserts its beginning, up to the edge of a word,
takes a part. Typed key by key it was not taken, with brackets that close themselves and indents of new lines neither.
What is on screen for less than a quarter of a second was not seen.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from glm_lsp.usage.edit import Edit, joined

SEEN_AFTER_S = 0.25
_REMEMBERED_S = 10.0
"""So long after the end of a suggestion the editor may still say that it was taken."""
_CONTEXT_CHARS = 1024
_FEWEST_TAKEN = 2
_PAIRS = frozenset(["()", "[]", "{}", "<>", '""', "''", "``"])
_CLOSERS = frozenset(")]}>\"'`")


class Verdict(StrEnum):
    """What became of a suggestion. SHOWN and TAKEN come on the way, one of the others at its end."""

    SHOWN = "shown"
    """It has been on screen long enough to be seen."""
    TAKEN = "taken"
    """All of it, or a part, was inserted by one edit."""
    ACCEPTED = "accepted"
    PARTLY = "partly"
    TYPED = "typed"
    """All of it was typed by hand."""
    REJECTED = "rejected"
    IGNORED = "ignored"
    """It was gone before anybody could see it."""
    REVERTED = "reverted"
    """The next edit took out again what had been taken; comes after the end."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that became clear.

    Attributes:
        id: of the suggestion.
        offset: of what was taken or taken out again; else 0.
        text: what was taken or taken out again; else empty.
        instead_of: the verdict that this one corrects.
        is_whole: of a reverted one: nothing is left of the suggestion.
    """

    verdict: Verdict
    id: int
    uri: str
    offset: int = 0
    text: str = ""
    instead_of: Verdict | None = None
    is_whole: bool = False


@dataclass(slots=True)
class _Suggestion:
    """On screen: `texts` is what is left of each, with LF, to be inserted at `offset`."""

    id: int
    offset: int
    texts: tuple[str, ...]
    since: float
    before: str
    after: str
    is_seen: bool = False
    is_told: bool = False
    num_taken: int = 0


@dataclass(frozen=True, slots=True)
class _Ended:
    """A suggestion that is over; `last` is the edit that brought its last piece, unless that was taken."""

    id: int
    verdict: Verdict
    at: float
    last: Edit | None


@dataclass(frozen=True, slots=True)
class _Taken:
    """The edit that took something last, and how much of its suggestion was taken before."""

    id: int
    edit: Edit
    num_before: int


class Acceptance:
    """Follows what is on screen in each document. Knows no clock: times are seconds of any one."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._suggestions: dict[str, _Suggestion] = {}
        self._ended: dict[str, _Ended] = {}
        self._taken: dict[str, _Taken] = {}

    def __len__(self) -> int:
        return len(self._suggestions)

    def shown(
        self, uri: str, offset: int, texts: Iterable[str], at: float, *, before: str = "", after: str = ""
    ) -> tuple[int, list[Event]]:
        """Texts that are on screen from now on, each to be inserted at `offset`.

        What goes on with a text that is there already, perhaps typed on in the meantime, is the same suggestion.

        Args:
            before: the text before `offset`, as much as is at hand: some editors report an insertion a little
                beside its place where that comes to the same.
            after: the text behind it.

        Returns:
            The suggestion's number, for `told`.
        """
        wanted = tuple(dict.fromkeys(_with_line_feeds(text) for text in texts if text))
        old = self._suggestions.get(uri)
        before, after = before[-_CONTEXT_CHARS:], after[:_CONTEXT_CHARS]
        if old is not None and _goes_on(old, offset, wanted):
            old.texts, old.offset, old.before, old.after = wanted, offset, before, after
            return old.id, self._seen(uri, old, at)
        events = self.gone(uri, at)
        new = _Suggestion(next(self._ids), offset, wanted, at, before, after)
        if wanted:
            self._suggestions[uri] = new
        return new.id, events

    def gone(self, uri: str, at: float) -> list[Event]:
        """Nothing is on screen any more in a document."""
        suggestion = self._suggestions.get(uri)
        return [] if suggestion is None else self._end(uri, suggestion, _fate(suggestion, at), at)

    def edited(self, uri: str, edits: Sequence[Edit], at: float) -> list[Event]:
        """The edits of one message, each on the result of the one before."""
        events: list[Event] = []
        for edit in joined(edits):
            taken = self._taken.pop(uri, None)
            is_undone = taken is not None and edit == taken.edit.inverse
            if uri in self._ended:
                self._ended[uri] = replace(self._ended[uri], last=None)  # its place may be another now
            suggestion = self._suggestions.get(uri)
            if suggestion is not None:
                events += self._seen(uri, suggestion, at)
                events += self._follow(uri, suggestion, edit, at)
            if taken is not None and is_undone:
                text, is_whole = taken.edit.inserted, not taken.num_before
                events.append(Event(Verdict.REVERTED, taken.id, uri, edit.offset, text, is_whole=is_whole))
        return events

    def told(self, id: int, at: float) -> list[Event]:
        """The editor says that a suggestion was taken as a whole, before or after it reports the edit."""
        for suggestion in self._suggestions.values():
            if suggestion.id == id:
                suggestion.is_told = True
        for uri, ended in list(self._ended.items()):
            if ended.id == id and ended.verdict is not Verdict.ACCEPTED:
                self._ended[uri] = replace(ended, verdict=Verdict.ACCEPTED)
                last = ended.last
                pieces = [Event(Verdict.TAKEN, id, uri, last.offset, last.inserted)] if last else []
                return [*pieces, Event(Verdict.ACCEPTED, id, uri, instead_of=ended.verdict)]
        return []

    def closed(self, uri: str, at: float) -> list[Event]:
        """Forgets a document."""
        events = self.gone(uri, at)
        self._ended.pop(uri, None)
        self._taken.pop(uri, None)
        return events

    def tick(self, at: float) -> list[Event]:
        """Time passes: what has been looked at long enough is seen, what is long over is forgotten."""
        self._ended = {uri: ended for uri, ended in self._ended.items() if at - ended.at < _REMEMBERED_S}
        return [event for uri, each in self._suggestions.items() for event in self._seen(uri, each, at)]

    def _follow(self, uri: str, suggestion: _Suggestion, edit: Edit, at: float) -> list[Event]:
        """What an edit means for the suggestion on screen."""
        piece = None if edit.removed else _piece_at_place(suggestion, edit)
        if piece is not None:
            events = self._insert(uri, suggestion, piece, at)
            if uri in self._taken:
                self._taken[uri] = replace(self._taken[uri], edit=edit)
            return events
        if edit.end < suggestion.offset:
            suggestion.offset += edit.growth
            suggestion.before = ""
        elif edit.offset > suggestion.offset and not _is_backspace(suggestion, edit):
            suggestion.after = ""
        else:
            return self._end(uri, suggestion, _fate(suggestion, at), at)
        return []

    def _insert(self, uri: str, suggestion: _Suggestion, piece: str, at: float) -> list[Event]:
        """A piece was put in at the suggestion's place."""
        text = _with_line_feeds(piece)
        matching = [each for each in suggestion.texts if each.startswith(text)]
        is_all = text in matching
        if (is_all and suggestion.is_told) or (text not in _PAIRS and _is_taken(text, matching)):
            return self._take(uri, suggestion, piece, at)
        key = text
        if text in _PAIRS and any(each.startswith(text[0]) for each in suggestion.texts):
            # One key, and what the editor has closed by itself.
            key = text[0]
            matching = [each for each in suggestion.texts if each.startswith(key)]
            is_all = is_all or key in matching
            suggestion.after = text[1] + suggestion.after
        elif not matching and _CLOSERS.issuperset(text):
            suggestion.after = piece + suggestion.after
            return []
        if not matching:
            return self._end(uri, suggestion, _fate(suggestion, at), at)
        if is_all:
            is_seen = suggestion.num_taken or _is_seen(suggestion, at)
            typed = Verdict.TYPED if is_seen else Verdict.IGNORED
            fate = Verdict.PARTLY if suggestion.num_taken else typed
            return self._end(uri, suggestion, fate, at, Edit(suggestion.offset, "", piece))
        _advance(suggestion, piece if key == text else key, key)
        return []

    def _take(self, uri: str, suggestion: _Suggestion, piece: str, at: float) -> list[Event]:
        self._taken[uri] = _Taken(suggestion.id, Edit(suggestion.offset, "", piece), suggestion.num_taken)
        event = Event(Verdict.TAKEN, suggestion.id, uri, suggestion.offset, piece)
        seen = self._force_seen(uri, suggestion)
        suggestion.num_taken += len(piece)
        text = _with_line_feeds(piece)
        if text in suggestion.texts:
            return [*seen, event, *self._end(uri, suggestion, Verdict.ACCEPTED, at)]
        _advance(suggestion, piece, text)
        return [*seen, event]

    def _end(
        self, uri: str, suggestion: _Suggestion, verdict: Verdict, at: float, last: Edit | None = None
    ) -> list[Event]:
        self._suggestions.pop(uri, None)
        self._ended[uri] = _Ended(suggestion.id, verdict, at, last)
        seen = [] if verdict is Verdict.IGNORED else self._force_seen(uri, suggestion)
        return [*seen, Event(verdict, suggestion.id, uri)]

    def _seen(self, uri: str, suggestion: _Suggestion, at: float) -> list[Event]:
        return self._force_seen(uri, suggestion) if _is_seen(suggestion, at) else []

    def _force_seen(self, uri: str, suggestion: _Suggestion) -> list[Event]:
        if suggestion.is_seen:
            return []
        suggestion.is_seen = True
        return [Event(Verdict.SHOWN, suggestion.id, uri)]


def _fate(suggestion: _Suggestion, at: float) -> Verdict:
    """What a suggestion comes to that goes away now."""
    if suggestion.is_told:
        return Verdict.ACCEPTED
    if suggestion.num_taken:
        return Verdict.PARTLY
    return Verdict.REJECTED if _is_seen(suggestion, at) else Verdict.IGNORED


def _is_seen(suggestion: _Suggestion, at: float) -> bool:
    return suggestion.is_seen or at - suggestion.since >= SEEN_AFTER_S


def _goes_on(old: _Suggestion, offset: int, texts: Sequence[str]) -> bool:
    """Whether new texts are what is left of old ones, or more of them."""
    num_typed = offset - old.offset
    rests = [text[num_typed:] for text in old.texts if 0 <= num_typed < len(text)]
    return any(rest.startswith(text) or text.startswith(rest) for rest in rests for text in texts)


def _piece_at_place(suggestion: _Suggestion, edit: Edit) -> str | None:
    """What an insertion comes to at the suggestion's place; None if it happened elsewhere.

    Editors that find out what changed by comparing texts put "ab" before "a" as "ba" behind it.
    """
    if edit.offset == suggestion.offset:
        return edit.inserted
    distance = edit.offset - suggestion.offset
    if distance > 0:
        between = suggestion.after[:distance]
        rotated = (between + edit.inserted)[: len(edit.inserted)]
        is_same = len(between) == distance and rotated + between == between + edit.inserted
    else:
        between = suggestion.before[distance:]
        rotated = (edit.inserted + between)[len(between) :]
        is_same = len(between) == -distance and between + rotated == edit.inserted + between
    return rotated if is_same else None


def _is_backspace(suggestion: _Suggestion, edit: Edit) -> bool:
    """Whether taking out what is reported comes to taking out what stands before the suggestion's place.

    Of four spaces, an editor that compares texts reports the last one, whichever was deleted.
    """
    between = suggestion.after[: edit.offset - suggestion.offset]
    at_place = suggestion.before[-len(edit.removed) :] + between
    is_known = len(at_place) == len(edit.removed) + edit.offset - suggestion.offset
    return bool(edit.removed) and not edit.inserted and is_known and at_place == between + edit.removed


def _advance(suggestion: _Suggestion, piece: str, text: str) -> None:
    """Goes on behind a piece of the document; `text` is the same as suggestions have it."""
    suggestion.offset += len(piece)
    left = (each.removeprefix(text) for each in suggestion.texts if each.startswith(text))
    suggestion.texts = tuple(each for each in left if each)
    suggestion.before = (suggestion.before + piece)[-_CONTEXT_CHARS:]


def _is_taken(text: str, matching: Iterable[str]) -> bool:
    """Whether a piece that came at once was put in by a command and not by a key."""
    if len(text) < _FEWEST_TAKEN or text.isspace():
        return False
    return any(not (_is_word(text[-1]) and _is_word(each[len(text) : len(text) + 1])) for each in matching)


def _is_word(char: str) -> bool:
    return char == "_" or char.isalnum()


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")

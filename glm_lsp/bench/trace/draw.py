"""Draws a trace over files: what is missing at first, in which order it is written, and every key."""

from __future__ import annotations

import keyword
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from glm_lsp.bench.trace.hand import Hand
from glm_lsp.bench.trace.trace import Back, Edit, Event, Key, Look, Return, Slip, Trace, TraceFile
from glm_lsp.completion.lines import line_end, line_start
from glm_lsp.errors import InputError
from glm_lsp.evaluate.cursors import line_starts
from glm_lsp.evaluate.held_out import HeldOutFile

NUM_KEYS = 2_900
"""Before suggestions are taken; a good model saves some hundreds of them."""

_PASSAGE_CHARS = (25, 110)
"""At least, and at most, of what is written in one place; whole lines."""
_MOST_CHARS = 100_000
"""Of a file: longer ones would make a trace for the sake of one."""
_RENAMED_CHARS = (4, 12)
_RENAMES = 0.6
"""For each passage."""
_WINDOW_FILES = 3
"""Files that somebody goes back and forth between."""
_STAYS = 0.4
"""Probability that the next edit is in the same file, where one is left there."""
_LOOKS = 0.3
"""Probability at the beginning of a line that the person first looks somewhere else."""

_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*(?!\w)")


@dataclass(frozen=True, slots=True)
class _Place:
    """`final[start:end]` of a file is not there at first; `wrong` is."""

    start: int
    end: int
    wrong: str

    @property
    def grows(self) -> int:
        return self.end - self.start - len(self.wrong)


def draw_trace(files: Sequence[HeldOutFile], *, seed: int, description: str, keys: int = NUM_KEYS) -> Trace:
    r"""A trace of about `keys` keys over all of the files, spread evenly; line ends become `\n`.

    Args:
        files: with the texts they shall have in the end. Blank ones and those above 100,000 characters are left out.
        seed: the same files and the same seed give the same trace.
        description: where the files come from.
        keys: pressed when no suggestion is taken.

    Raises:
        InputError: in none of the files there is a passage to write.
    """
    rng = random.Random(seed)
    places: list[list[_Place]] = []
    finals: list[HeldOutFile] = []
    for file in files:
        text = file.text.replace("\r\n", "\n").replace("\r", "\n")
        if len(text) <= _MOST_CHARS and (found := _places(text, keys / len(files), rng)):
            finals.append(file._replace(text=text))
            places.append(found)
    if not finals:
        lengths = " to ".join(str(length) for length in _PASSAGE_CHARS)
        raise InputError(
            f"no file has whole lines of {lengths} characters in a row to write",
            "Name source files of ordinary length and line length.",
        )
    edits = _edits([file.text for file in finals], places, rng)
    started = [_without(file.text, found) for file, found in zip(finals, places, strict=True)]
    return Trace(
        description=description,
        seed=seed,
        files=tuple(
            TraceFile(path=file.path, language=file.language, text=text)
            for file, text in zip(finals, started, strict=True)
        ),
        edits=tuple(edits),
    )


def _places(text: str, num_keys: float, rng: random.Random) -> list[_Place]:
    """Passages of about so many keys, and words to be renamed, that do not touch each other."""
    found: list[_Place] = []
    starts = [start for start in line_starts(text) if text[start : line_end(text, start)].strip()]
    rng.shuffle(starts)
    left = num_keys
    for start in starts:
        if left < _PASSAGE_CHARS[0] and found:
            break
        passage = _passage(text, start, left, rng)
        if passage is None or _touches(passage, found, text):
            continue
        found.append(passage)
        left -= passage.end - passage.start
        if rng.random() < _RENAMES and (word := _renamed(text, found, rng)):
            found.append(word)
            left -= word.end - word.start + len(word.wrong)
    return found


def _passage(text: str, start: int, wanted: float, rng: random.Random) -> _Place | None:
    """From behind the first line's indent, which the editor makes, to the end of a line; about `wanted` at most."""
    least, most = _PASSAGE_CHARS
    most = max(2 * least, min(most, round(wanted)))
    while text[start] in " \t":
        start += 1
    end = line_end(text, min(len(text), start + rng.randint(least, most - least)))
    stripped = len(text[start:end].rstrip())
    return _Place(start, start + stripped, "") if least <= stripped <= most else None


def _renamed(text: str, taken: Sequence[_Place], rng: random.Random) -> _Place | None:
    """A word with something right of it on its line, where another word of the file stands at first."""
    least, most = _RENAMED_CHARS
    words = [
        match
        for match in _WORD.finditer(text)
        if least <= len(match[0]) <= most and not keyword.iskeyword(match[0])
    ]
    for match in rng.sample(words, min(len(words), 20)):
        place = _Place(*match.span(), rng.choice(words)[0])
        rest = text[match.end() : line_end(text, match.end())]
        if rest.strip() and place.wrong != match[0] and not _touches(place, taken, text):
            return place
    return None


def _touches(place: _Place, others: Sequence[_Place], text: str) -> bool:
    """Whether two places share a line or stand on neighbouring ones."""
    start = line_start(text, max(0, line_start(text, place.start) - 1))
    end = line_end(text, min(len(text), line_end(text, place.end) + 1))
    return any(start <= other.end and other.start <= end for other in others)


def _without(text: str, places: Sequence[_Place]) -> str:
    """The text before any of the places is written."""
    for place in sorted(places, key=lambda place: -place.start):
        text = text[: place.start] + place.wrong + text[place.end :]
    return text


def _edits(texts: Sequence[str], places: Sequence[Sequence[_Place]], rng: random.Random) -> Iterator[Edit]:
    """In the order in which they are made."""
    hand = Hand(rng)
    left = [list(found) for found in places]
    for file, place in _order([len(found) for found in places], rng):
        chosen = places[file][place]
        left[file].remove(chosen)
        shift = sum(other.grows for other in left[file] if other.start < chosen.start)
        num_lines = _without(texts[file], [*left[file], chosen]).count("\n") + 1
        text = texts[file][chosen.start : chosen.end]
        yield Edit(
            file=file,
            offset=chosen.start - shift,
            wrong=chosen.wrong,
            text=text,
            delay_ms=hand.way(),
            events=tuple(_events(text, chosen.wrong, num_lines, hand, rng)),
        )


def _order(counts: Sequence[int], rng: random.Random) -> Iterator[tuple[int, int]]:
    """(file, place) of every edit: a few files at a time, back and forth between them."""
    left = {file: list(range(count)) for file, count in enumerate(counts)}
    waiting = iter(left)
    window = [file for _, file in zip(range(_WINDOW_FILES), waiting, strict=False)]
    file = window[0] if window else -1
    while window:
        others = [other for other in window if other != file]
        if not left[file] or (others and rng.random() >= _STAYS):
            file = rng.choice(others or window)
        yield file, left[file].pop(0)
        if not left[file]:
            window.remove(file)
            window += [following for following in [next(waiting, None)] if following is not None]
            file = rng.choice(window) if window else -1


def _events(text: str, wrong: str, num_lines: int, hand: Hand, rng: random.Random) -> Iterator[Event]:
    for number in range(len(wrong)):
        yield Back(0, hand.back() if number else hand.notice())
    for at, key in _keys(text):
        before = text[at - 1 : at]
        if before in "\n " and text[:at].strip(" ").endswith("\n") and rng.random() < _LOOKS:
            yield Look(at, rng.randrange(num_lines), hand.way())
            yield Return(at, hand.way())
        slipped = hand.slip(text[at:])
        for number, char in enumerate(slipped):
            yield Slip(at, char, hand.gap("" if number else before))
        for number in range(len(slipped)):
            yield Back(at, hand.back() if number else hand.notice())
        yield Key(at, key, hand.gap("" if slipped else before))


def _keys(text: str) -> Iterator[tuple[int, str]]:
    """(offset, what the editor inserts): one character, or Enter with the indent that the editor makes."""
    at = 0
    while at < len(text):
        end = at + 1
        if text[at] == "\n":
            while end < len(text) and text[end] in " \t":
                end += 1
        yield at, text[at:end]
        at = end

"""`.editorconfig`: what it says of a file, in time that grows with its length only, whatever is written in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from glm_lsp.docstring.project.ini_lines import pairs

MAX_CHARS = 65_536
"""Of such a file; the rest is not looked at."""
_MAX_PATTERN = 256
_MAX_BRACES = 32
_MAX_PATH = 1_024
_RANGE = re.compile(r"([+-]?[0-9]{1,9})\.\.([+-]?[0-9]{1,9})")
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?![0-9])")


@dataclass(frozen=True, slots=True)
class EditorConfig:
    """One file.

    Attributes:
        is_root: those in folders above do not count.
        pairs: section, key and value of each line, all but the section in lower case.
    """

    is_root: bool
    pairs: tuple[tuple[str, str, str], ...]

    @classmethod
    def parse(cls, text: str) -> EditorConfig:
        """Reads it; lines that it should not have are left out."""
        found = tuple((section, key, value.lower()) for section, key, value in pairs(text[:MAX_CHARS]))
        return cls(("", "root", "true") in found, found)

    def value(self, key: str, document: str) -> str:
        """What it says for a file; what stands further down counts. Empty where it says nothing.

        Args:
            document: path from the folder of `.editorconfig`, with forward slashes.
        """
        known: dict[str, bool] = {}
        for section, its_key, value in reversed(self.pairs):
            if its_key == key:
                if section not in known:
                    known[section] = matches(section, document)
                if known[section]:
                    return value
        return ""


def matches(pattern: str, document: str) -> bool:
    """Whether a section is about a file; a pattern without a slash is about a name anywhere."""
    tested = document if "/" in pattern else document.rpartition("/")[2]
    if not pattern or len(pattern) > _MAX_PATTERN or len(tested) > _MAX_PATH:
        return False
    if pattern.count("{") > _MAX_BRACES:
        return False
    return _Glob(pattern.removeprefix("/"), tested).is_match()


class _Glob:
    """A pattern on its way through a path, all ways at once.

    Sets of places in the path are integers: bit n stands for the place in front of character n.
    """

    def __init__(self, pattern: str, path: str) -> None:
        self._pattern, self._path = pattern, path
        self._all = (1 << len(path) + 1) - 1
        self._of: dict[str, int] = {}
        for at, character in enumerate(path):
            self._of[character] = self._of.get(character, 0) | 1 << at
        self._slashes = self._of.get("/", 0)
        self._in_name = self._all >> 1 & ~self._slashes
        self._closing = dict(_pairs_of_braces(pattern))

    def is_match(self) -> bool:
        return bool(self._through(0, len(self._pattern), 1) >> len(self._path))

    def _through(self, at: int, end: int, places: int) -> int:
        """Where one gets from some places with the part of the pattern from `at` to `end`."""
        while at < end and places:
            at, places = self._step(at, end, places)
        return places

    def _step(self, at: int, end: int, places: int) -> tuple[int, int]:
        pattern, character = self._pattern, self._pattern[at]
        if pattern.startswith("**", at):
            behind = self._all & -(places & -places)
            if pattern.startswith("/", at + 2) and at + 2 < end:
                return at + 3, places | (behind & self._slashes) << 1
            return at + 2, behind
        if character == "*":
            return at + 1, self._along_name(places)
        if character == "{" and at in self._closing:
            closing = self._closing[at]
            return closing + 1, self._in_braces(at + 1, closing, places)
        behind, one = self._one_character(at, end)
        return behind, (places & one) << 1

    def _one_character(self, at: int, end: int) -> tuple[int, int]:
        """What follows in the pattern, and where in the path it is fit for what stands there."""
        pattern, character = self._pattern, self._pattern[at]
        if character == "?":
            return at + 1, self._in_name
        if character == "[" and (closing := pattern.find("]", at + 2, end)) > 0:
            return closing + 1, self._listed(pattern[at + 1 : closing])
        if character == "\\" and at + 1 < end:
            at += 1
        return at + 1, self._of.get(pattern[at], 0)

    def _along_name(self, places: int) -> int:
        """Over any number of characters but slashes."""
        free, step = self._in_name << 1, 1
        while step <= len(self._path):
            places |= free & places << step
            free &= free << step
            step *= 2
        return places

    def _in_braces(self, at: int, end: int, places: int) -> int:
        if numbers := _RANGE.fullmatch(self._pattern, at, end):
            low, high = sorted((int(numbers[1]), int(numbers[2])))
            return self._over_numbers(low, high, places)
        starts = [at]
        while at < end:
            if self._pattern[at] == ",":
                starts.append(at + 1)
            at = self._closing.get(at, at + (self._pattern[at] == "\\")) + 1
        if len(starts) == 1:
            # One name in braces is no choice.
            inner = self._through(starts[0], end, (places & self._of.get("{", 0)) << 1)
            return (inner & self._of.get("}", 0)) << 1
        behind = 0
        for start, after in zip(starts, [*starts[1:], end + 1], strict=True):
            behind |= self._through(start, after - 1, places)
        return behind

    def _over_numbers(self, low: int, high: int, places: int) -> int:
        behind = 0
        for at in range(len(self._path)):
            found = _NUMBER.match(self._path, at) if places >> at & 1 else None
            if found and low <= int(found[0]) <= high:
                behind |= 1 << found.end()
        return behind

    def _listed(self, listed: str) -> int:
        """The characters of the path that `[...]` is about."""
        is_negated, listed = listed[0] == "!", listed.removeprefix("!").replace("\\", "")
        ranges = re.findall(r"(.)-(.)", listed, re.DOTALL)
        found = 0
        for character, places in self._of.items():
            if character in listed or any(low <= character <= high for low, high in ranges):
                found |= places
        return self._in_name & ~found if is_negated else found & self._in_name


def _pairs_of_braces(pattern: str) -> Iterator[tuple[int, int]]:
    """Where braces open and close; those without a partner stand for themselves."""
    opened: list[int] = []
    is_escaped = False
    for at, character in enumerate(pattern):
        if is_escaped:
            is_escaped = False
        elif character == "\\":
            is_escaped = True
        elif character == "{":
            opened.append(at)
        elif character == "}" and opened:
            yield opened.pop(), at

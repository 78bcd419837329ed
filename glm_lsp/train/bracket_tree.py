"""Statements, blocks and documented definitions in languages with braces, found by brackets and lines alone.

No grammar: strings and comments are told apart by one expression for each family of languages, and a statement is the
lines from one bracket depth back to the same. Where brackets do not match (a regular expression literal, a macro), the
file has no blocks; that costs examples, never correctness.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from glm_lsp.completion.mode import Mode
from glm_lsp.train.spans import MAX_BLOCK_CHARS, Span, next_line, relates

_COMMON = r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|[{}()\[\]]|\n"
_CHARACTERS = re.compile(_COMMON + r"|'(?:\\[^\n']{1,10}|\\'|[^\\'\n])'|`[^`]*`", re.DOTALL)
"""A quote holds one character (and may stand alone: a lifetime); Go has raw strings in backquotes."""
_STRINGS = re.compile(_COMMON + r"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`", re.DOTALL)

LANGUAGES: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(("c", "cpp", "csharp", "go", "java", "kotlin", "rust", "scala"), _CHARACTERS),
    **dict.fromkeys(
        ("dart", "javascript", "javascriptreact", "php", "swift", "typescript", "typescriptreact"), _STRINGS
    ),
}
_PAIRS = {"}": "{", ")": "(", "]": "["}
_COMMENT = re.compile(r"/\*\*?[ \t]?|///?/?!?[ \t]?")
_DEFINITION = re.compile(
    r"\b(?:function|func|fn|class|struct|interface|enum|trait|type|union|const|static|export|pub|def)\b|\w\s*\("
)
_NO_STATEMENT = re.compile(r"//|/\*|\*|#|[)\]}]|\.\w|\?|:|&&|\|\|")
_CONTINUED = re.compile(r"\s*(?:\.\w|\?|:|&&|\|\||\+|\belse\b)")


@dataclass(frozen=True, slots=True)
class _Line:
    """Text up to a line break that is in no string or comment; bracket depth before it, at its lowest, and after."""

    start: int
    end: int
    before: int
    lowest: int
    after: int


class BracketTree:
    """The places that make good blocks, in the form of `PythonTree`; empty where brackets do not match."""

    def __init__(self, text: str, language: str) -> None:
        self._text = text
        self._pairs: dict[int, int] = {}
        self.blocks: list[Span] = []
        self.docstrings: list[Span] = []
        self.bodies: list[Span] = []
        self._lines = self._scan(LANGUAGES[language])
        for number in range(len(self._lines)):
            self._add_statement(number)
        for opening, closing in self._pairs.items():
            if "\n" in text[opening:closing]:
                self.blocks += self._inside(opening, closing)
        for first, last in self._comments():
            self._add_documented(first, last)

    def _scan(self, pattern: re.Pattern[str]) -> list[_Line]:
        text, stack, lines = self._text, list[tuple[str, int]](), list[_Line]()
        start = before = lowest = 0
        for match in pattern.finditer(text + "\n"):
            piece = match.group()
            if piece == "\n":
                lines.append(_Line(start, match.start(), before, lowest, len(stack)))
                start, before, lowest = match.end(), len(stack), len(stack)
            elif piece in "{([":
                stack.append((piece, match.start()))
            elif piece in _PAIRS:
                if not stack or stack[-1][0] != _PAIRS[piece]:
                    break
                opening, at = stack.pop()
                lowest = min(lowest, len(stack))
                if opening == "{":
                    self._pairs[at] = match.start()
        else:
            if not stack:
                return lines
        self._pairs = {}
        return []

    def _first(self, line: _Line) -> int:
        """Where the text of a line begins."""
        piece = self._text[line.start : line.end]
        return line.start + len(piece) - len(piece.lstrip())

    def _statement_end(self, number: int) -> int | None:
        """The number of the line a statement ends on; None where it is too long or none begins."""
        first = self._lines[number]
        if first.lowest < first.before:
            return None
        for at in range(number, len(self._lines)):
            line = self._lines[at]
            if line.lowest < first.before or line.end - first.start > 2 * MAX_BLOCK_CHARS:
                return None
            following = self._lines[at + 1] if at + 1 < len(self._lines) else None
            goes_on = following and _CONTINUED.match(self._text, following.start, following.end)
            if line.after == first.before and not goes_on:
                return at
        return None

    def _add_statement(self, number: int) -> None:
        start = self._first(self._lines[number])
        if _NO_STATEMENT.match(self._text, start) or start >= self._lines[number].end:
            return
        last = self._statement_end(number)
        if last is not None:
            self.blocks += self._span(start, self._lines[last].end)

    def _span(self, start: int, end: int) -> list[Span]:
        """The span without blanks at its end, if it has a fitting length."""
        end = start + len(self._text[start:end].rstrip())
        if not 8 <= end - start <= MAX_BLOCK_CHARS:
            return []
        return [Span(start, end, next_line(self._text, end), Mode.BLOCK)]

    def _inside(self, opening: int, closing: int) -> list[Span]:
        inner = self._text[opening + 1 : closing]
        return self._span(opening + 1 + len(inner) - len(inner.lstrip()), closing)

    def _comments(self) -> Iterator[tuple[int, int]]:
        """(first, last) line numbers of comments that begin their line."""
        number = 0
        while number < len(self._lines):
            first = number
            while number < len(self._lines) and self._is_comment(self._lines[number]):
                number += 1
                if self._text.startswith("/*", self._first(self._lines[first])):
                    break
            if number > first:
                yield first, number - 1
            else:
                number += 1

    def _is_comment(self, line: _Line) -> bool:
        return line.before == line.after and self._text.startswith(("//", "/*"), self._first(line))

    def _add_documented(self, first: int, last: int) -> None:
        """A comment right above a definition, if its words relate to it, and the definition's body."""
        if last + 1 >= len(self._lines):
            return
        definition = self._lines[last + 1]
        if not _DEFINITION.search(self._text, definition.start, definition.end):
            return
        opening = _COMMENT.match(self._text, self._first(self._lines[first]))
        end = self._lines[last].end
        if opening is None or not 20 <= end - opening.end() <= 400:
            return
        brace = self._text.rfind("{", definition.start, definition.end)
        closing = self._pairs.get(brace, definition.end)
        if not relates(self._text[opening.end() : end], self._text[definition.start : closing]):
            return
        self.docstrings.append(Span(opening.end(), end, next_line(self._text, end), Mode.BLOCK))
        if brace in self._pairs:
            self.bodies += self._inside(brace, closing)

"""Where a document is cut for fill-in-the-middle: pure functions from text and a random generator to spans."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from glm_lsp.completion.mode import Mode

MAX_BLOCK_CHARS = 800
"""About 256 tokens of code."""
_WORD = re.compile(r"[a-z]{3,}")
_CLOSERS = re.compile(r"[\])}'\":;,]+$")
_CURSORS: tuple[tuple[float, re.Pattern[str]], ...] = (
    (0.15, re.compile(r"(?<=\w\.)(?=\w)")),
    (0.15, re.compile(r"(?<=[(,\[])(?=[^\s)\]])|(?<=, )(?=\S)")),
    (0.10, re.compile(r"(?<=[=+\-*/<>%:] )(?=\S)")),
    (0.15, re.compile(r"(?<=\w)(?=\w)")),
    (0.15, re.compile(r"(?<=\S)(?=.)|(?<= )(?=\S)")),
)


@dataclass(frozen=True, slots=True)
class Span:
    """A middle: characters start..end of the text, and where the suffix begins (>= end)."""

    start: int
    end: int
    suffix_start: int
    mode: Mode


def next_line(text: str, end: int) -> int:
    """The offset after the line break at `end`, if there is one: the suffix starts on the next line."""
    if text.startswith("\r\n", end):
        return end + 2
    return end + 1 if text.startswith("\n", end) else end


def line_span(text: str, line_start: int, line_end: int, rng: random.Random) -> Span | None:
    """From a likely cursor place on one line to the line's end; None on a blank line."""
    line = text[line_start:line_end]
    indent = len(line) - len(line.lstrip())
    if indent == len(line):
        return None
    column = indent
    draw = rng.random() - 0.30  # the remaining 30 % of cursors stand right after the indent
    for share, pattern in _CURSORS:
        if 0 <= draw < share:
            places = [m.start() for m in pattern.finditer(line, indent)]
            column = rng.choice(places) if places else indent
            break
        draw -= share
    start, end = line_start + column, line_end
    closers = _CLOSERS.search(text, start, end)
    if closers and closers.start() > start and rng.random() < 0.25:
        # An editor has closed the brackets already: the suffix keeps the rest of the line.
        return Span(start, closers.start(), closers.start(), Mode.LINE)
    return Span(start, end, next_line(text, end), Mode.LINE)


def random_span(text: str, low: int, high: int, rng: random.Random) -> Span:
    """A span of characters at no particular boundary, with lengths spread evenly on a logarithmic scale."""
    start = rng.randrange(low, high)
    length = int(10 ** rng.uniform(0, 2.5))
    end = min(high, start + length)
    return Span(start, end, end, Mode.BLOCK)


def empty_span(text: str, line_end: int) -> Span:
    """Nothing to write: the cursor stands at the end of a finished line."""
    return Span(line_end, line_end, next_line(text, line_end), Mode.LINE)


class PythonTree:
    """The places in a Python file that make good blocks; empty when the text does not parse."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line_starts = [0, *accumulate(len(line.encode()) for line in text.splitlines(keepends=True))]
        self._ascii = text.isascii()
        self.blocks: list[Span] = []
        self.docstrings: list[Span] = []
        self.bodies: list[Span] = []
        # ast counts lines at \n, \r\n and \r only; with other separators offsets would be off.
        if "\f" in text or len(text.splitlines()) != len(
            text.replace("\r\n", "\n").split("\n")
        ) - text.endswith("\n"):
            return
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for node in ast.walk(tree):
            self._add(node)

    def _offset(self, line: int, column: int) -> int:
        """Characters before (line, column); ast counts columns in UTF-8 bytes."""
        at = self._line_starts[line - 1] + column
        return at if self._ascii else len(self._text.encode()[:at].decode(errors="ignore"))

    def _span(self, first: ast.AST, last: ast.AST) -> Span:
        start = self._offset(first.lineno, first.col_offset)  # type: ignore[attr-defined]
        end = self._offset(last.end_lineno, last.end_col_offset)  # type: ignore[attr-defined]
        return Span(start, end, next_line(self._text, end), Mode.BLOCK)

    def _add(self, node: ast.AST) -> None:
        if isinstance(node, ast.stmt) and not isinstance(node, ast.Import | ast.ImportFrom):
            span = self._span(node, node)
            if 8 <= span.end - span.start <= MAX_BLOCK_CHARS:
                self.blocks.append(span)
        body = getattr(node, "body", None)
        if isinstance(body, list) and len(body) > 1 and isinstance(body[0], ast.stmt):
            span = self._span(body[0], body[-1])
            if span.end - span.start <= MAX_BLOCK_CHARS:
                self.blocks.append(span)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self._add_docstring(node)

    def _add_docstring(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        first = node.body[0]
        if len(node.body) < 2 or not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
            return
        if not isinstance(first.value.value, str):
            return
        whole = self._span(first, first)
        opening = re.match(r"[rRuU]?(\"\"\"|''')", self._text[whole.start : whole.start + 4])
        if not opening:
            return
        code = (
            self._text[self._offset(node.lineno, 0) : whole.start]
            + self._text[whole.end : self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)]
        )
        if 20 <= whole.end - whole.start <= 400 and relates(first.value.value, code):
            self.docstrings.append(
                Span(whole.start + opening.end(), whole.end, whole.suffix_start, Mode.BLOCK)
            )
        if not isinstance(node, ast.ClassDef):
            body = self._span(node.body[1], node.body[-1])
            if body.end - body.start <= MAX_BLOCK_CHARS:
                self.bodies.append(body)


def relates(comment: str, code: str) -> bool:
    """Whether a fifth of the words of a comment, at least, occur in the code it describes."""
    words, known = (set(_WORD.findall(text.lower())) for text in (comment, code))
    return bool(words) and len(words & known) >= 0.2 * len(words)


def lines_of(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each line, the line break left out."""
    at = 0
    for line in text.splitlines(keepends=True):
        yield at, at + len(line.rstrip("\r\n"))
        at += len(line)

"""Doc comments as lines with places, and how new ones are laid out: `/** ... */` blocks and runs of `///`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from glm_lsp.docstring.skeleton import Part, Skeleton

_BREAK = re.compile(r"\r\n|\r|\n")
_BLOCK_OPENING = re.compile(r"/\*[*!]+(?!<)")
_BLOCK_MARK = re.compile(r"[ \t]*\*(?!/)[ \t]?")
_RUN_MARK = re.compile(r"[ \t]*(?P<mark>///|//!|//(?![/!]))(?!<)(?P<blank>[ \t]?)")
_BLANKS = re.compile(r"[ \t]*")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")


@dataclass(frozen=True, slots=True)
class CommentLine:
    """One line of a comment; offsets count in the comment's text.

    Attributes:
        start: where the line begins.
        content_start, content: behind the mark and one blank, up to the closing mark, without blanks at its end.
        end: where more can be put: before the line break, or directly behind the content where the closing mark
            follows.
        mark: what stands before the content.
        is_code: within a fence of Markdown, or its first or last line.
    """

    start: int
    content_start: int
    content: str
    end: int
    mark: str
    is_code: bool


@dataclass(frozen=True, slots=True)
class DocComment:
    """A doc comment that is there already.

    Attributes:
        opening: `/**`, `/*!`, or what each line begins with.
        lines: those with content between the opening and the closing mark; blank ones are among them.
        rest: what follows the last line's content up to the end: blanks and the closing mark; empty for runs.
        is_one_line: the closing mark stands on the line of the opening one.
        is_open: a fence is never closed: nobody can tell where the prose ends.
    """

    text: str
    opening: str
    lines: tuple[CommentLine, ...]
    rest: str
    is_one_line: bool
    is_open: bool

    @property
    def is_block(self) -> bool:
        """Whether it has a closing mark."""
        return self.opening.startswith("/*")

    @classmethod
    def parse(cls, text: str) -> DocComment | None:
        """The comment with these marks; None for anything else."""
        block = _BLOCK_OPENING.match(text)
        if block is None:
            return _parse_run(text)
        closing = len(text[:-1].rstrip("*").rstrip(" \t"))
        if not text.endswith("*/") or closing < block.end():
            return None
        return _parse_block(text, block.end(), closing)

    def mark_at(self, number: int, indent: str) -> str:
        """What a new line next to that one begins with, blanks at the start of the line counted in.

        Args:
            indent: of the comment's first line, which is not in its text.
        """
        if not self.is_block:
            mark = self.lines[number].mark
            return mark if number else indent + mark
        # The first line has the opening mark, and what follows the others' marks may be indented.
        candidates = [*self.lines[number:], *reversed(self.lines[:number])]
        for line in candidates:
            if line.start == 0:
                continue
            starred = _BLOCK_MARK.match(line.mark)
            if starred:
                return starred[0].rstrip() + " "
            if line.content:
                return line.mark
        return indent + " * "


def _lines_of(text: str) -> list[tuple[int, str]]:
    starts = [0, *(match.end() for match in _BREAK.finditer(text))]
    return list(zip(starts, _BREAK.split(text), strict=True))


def _parse_run(text: str) -> DocComment | None:
    lines, opening, in_fence = [], "", False
    for start, line in _lines_of(text.rstrip()):
        match = _RUN_MARK.match(line)
        if match is None or opening not in ("", match["mark"]):
            return None
        opening = match["mark"]
        content = line[match.end() :].rstrip()
        is_fence = bool(_FENCE.match(content))
        mark = match[0] if match["blank"] else match[0] + " "
        lines.append(
            CommentLine(start, start + match.end(), content, start + len(line), mark, in_fence or is_fence)
        )
        in_fence ^= is_fence
    return DocComment(text, opening, tuple(lines), "", False, in_fence) if lines else None


def _parse_block(text: str, opening_end: int, closing: int) -> DocComment:
    lines, in_fence = [], False
    for start, line in _lines_of(text[:closing]):
        if start == 0:
            at = opening_end + len(_BLANKS.match(line, opening_end)[0])  # type: ignore[index]
        else:
            at = (_BLOCK_MARK.match(line) or _BLANKS.match(line)).end()  # type: ignore[union-attr]
        content = line[at:].rstrip()
        is_fence = bool(_FENCE.match(content))
        is_last = start + len(line) == closing
        end = start + at + len(content) if is_last else start + len(line)
        lines.append(CommentLine(start, start + at, content, end, line[:at], in_fence or is_fence))
        in_fence ^= is_fence
    is_one_line = len(lines) == 1
    rest = text[lines[-1].end :]
    # The lines of the marks themselves, where nothing else stands on them.
    if len(lines) > 1 and not lines[0].content:
        del lines[0]
    if len(lines) > 1 and not lines[-1].content:
        del lines[-1]
    return DocComment(text, text[:3], tuple(lines), rest, is_one_line, in_fence)


def first_paragraph(lines: Iterable[CommentLine]) -> str:
    """The first lines of prose, on one line; empty without any."""
    paragraph: list[str] = []
    for line in lines:
        if line.content and not line.is_code:
            paragraph.append(line.content.strip())
        elif paragraph:
            break
    return " ".join(paragraph)


@dataclass(frozen=True, slots=True)
class Frame:
    """The marks of a new doc comment.

    Attributes:
        opening, closing: around a block; both empty for a run of line comments.
        mark: what each line begins with.
    """

    opening: str
    mark: str
    closing: str

    @classmethod
    def of(cls, opening: str) -> Frame:
        """The marks that go with a block's opening mark or a line comment's."""
        return cls(opening, " * ", " */") if opening.startswith("/*") else cls("", f"{opening} ", "")

    @property
    def blank(self) -> str:
        """The mark of a line with nothing on it."""
        return self.mark.rstrip()


Line = Sequence[Part]


def layout(frame: Frame, lines: Iterable[Line], *, summary_below: bool, is_one_line: bool) -> Skeleton:
    """A new comment.

    Args:
        lines: without marks; one without parts is blank.
        summary_below: the first line stands below a block's opening mark.
        is_one_line: a block of one line is tried on one line.
    """
    first, *more = lines
    parts: list[Part] = []
    if frame.opening:
        parts.append(frame.opening + ("\n" + frame.mark if summary_below or not more else " "))
    else:
        parts.append(frame.mark)
    parts += first
    for line in more:
        parts += ["\n" + frame.mark, *line] if line else ["\n" + frame.blank]
    if frame.closing:
        parts.append("\n" + frame.closing)
    one_line = None
    if frame.opening and is_one_line and not more:
        one_line = joined([f"{frame.opening} ", *first, frame.closing])
    return Skeleton(joined(parts), one_line)


def joined(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The same with neighbouring texts made one."""
    outcome: list[Part] = []
    for part in parts:
        if isinstance(part, str) and outcome and isinstance(outcome[-1], str):
            outcome[-1] += part
        elif part:
            outcome.append(part)
    return tuple(outcome)

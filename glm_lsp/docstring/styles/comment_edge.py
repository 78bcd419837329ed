"""New lines in a comment that is there, behind its lines or in front of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from glm_lsp.docstring.entity import Documentation, Place
from glm_lsp.docstring.plan import Insertion
from glm_lsp.docstring.skeleton import Part, Skeleton
from glm_lsp.docstring.styles.comment_block import DocComment, Line, joined


@dataclass(frozen=True, slots=True)
class Edge:
    """Makes the insertions; lines are counted as in `DocComment.lines`, and those put in have no marks."""

    documentation: Documentation
    comment: DocComment

    def mark(self, line: int) -> str:
        """What new lines there begin with, behind the documentation's indentation where they have it."""
        return self._marks(line)[1]

    def _marks(self, line: int) -> tuple[str, str]:
        indent = self.documentation.indent
        mark = self.comment.mark_at(line, indent)
        return (indent, mark.removeprefix(indent)) if mark.startswith(indent) else ("", mark)

    def behind(self, line: int, lines: Sequence[Line]) -> Insertion:
        """Puts lines behind one; a comment of one line gets its closing mark on another."""
        indent, mark = self._marks(line)
        parts: list[Part] = []
        for each in lines:
            parts += ["\n" + mark, *each] if each else ["\n" + mark.rstrip()]
        offset = self.documentation.start + self.comment.lines[line].end
        after = self._closing() if self.comment.is_one_line else ""
        return Insertion(Place(offset, indent, "", after), Skeleton(joined(parts)))

    def before(self, line: int, lines: Sequence[Line]) -> Insertion:
        """Puts lines in front of one; the first is no blank one."""
        indent, mark = self._marks(line)
        first, *more = lines
        parts: list[Part] = [*first]
        for each in more:
            parts += ["\n" + mark, *each] if each else ["\n" + mark.rstrip()]
        offset = self.documentation.start + self.comment.lines[line].content_start
        return Insertion(Place(offset, indent, "", f"\n{indent}{mark}"), Skeleton(joined(parts)))

    def opened(self, summary_below: bool, *, is_closed: bool) -> list[Insertion]:
        """Moves the marks of a comment of one line to lines of their own.

        Args:
            summary_below: whether the opening one, too.
            is_closed: the closing one has been moved.
        """
        start, indent, line = self.documentation.start, self.documentation.indent, self.comment.lines[0]
        opening = len(line.mark.rstrip())
        insertions = []
        if summary_below:
            blank = "" if line.content_start > opening else " "
            insertions.append(_break(start + opening, f"\n{indent} *{blank}"))
        if not is_closed:
            insertions.append(_break(start + line.end, self._closing()))
        return insertions

    def _closing(self) -> str:
        indent = self.documentation.indent
        return f"\n{indent}" if self.comment.rest[:1].isspace() else f"\n{indent} "


def _break(offset: int, text: str) -> Insertion:
    return Insertion(Place(offset, "", "", text), Skeleton(()))

"""Short comments above selected statements: one for each group between blank lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from glm_lsp.completion.lines import line_start
from glm_lsp.docstring.dialect import Dialect
from glm_lsp.docstring.entity import Entity, EntityKind, Place
from glm_lsp.docstring.narration import narrate
from glm_lsp.docstring.plan import Insertion, Plan
from glm_lsp.docstring.proposal import Source
from glm_lsp.docstring.skeleton import Skeleton, Slot, SlotKind
from glm_lsp.errors import NothingToDocumentError
from glm_lsp.syntax.scope import Scope
from glm_lsp.syntax.tree import SyntaxTree

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_COMMENT = re.compile(r"\s*(?:#|//|/\*|\*)")
_MOST = 20
"""Groups of one selection: more is a file, not a block."""
_MOST_LOOKED_AT = 200
"""Groups in which statements are looked for: a text of thousands of paragraphs has none."""


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def first(self) -> int:
        """Offset of what is no blank; the line's end on a blank line."""
        return self.start + len(self.text) - len(self.text.lstrip())


def plan_comments(source: Source, start: int, end: int) -> tuple[Plan, ...]:
    """A plan for each group of selected lines that has no comment yet.

    Args:
        source: the document.
        start, end: the selection; a line it touches counts as a whole, but not one it ends at the very beginning of.

    Raises:
        NothingToDocumentError: there is nothing but blanks and comments, or it lies in a string.
    """
    marks = _marks(source.tree)
    found = islice(_blocks(source.tree, start, end), _MOST)
    plans = tuple(_plan(source.tree, source.dialect, marks, block) for block in found)
    if not plans:
        raise NothingToDocumentError(
            "the selection holds no statements without a comment", "Select the lines of some statements."
        )
    return plans


def has_statements(source: Source, start: int, end: int) -> bool:
    """Whether `plan_comments` finds anything."""
    return any(True for _ in _blocks(source.tree, start, end))


def _blocks(tree: SyntaxTree, start: int, end: int) -> Iterator[list[_Line]]:
    """The groups that get a comment."""
    for above, group in islice(_groups(tree.text, start, end), _MOST_LOOKED_AT):
        if _may_be_commented(tree, above, group):
            yield group


def _groups(text: str, start: int, end: int) -> Iterator[tuple[str, list[_Line]]]:
    """Selected lines between blank ones, cut where the indentation gets smaller than the first line's.

    Each with the line above it.
    """
    group: list[_Line] = []
    above, before, indent = "", _line_above(text, start), 0
    for line in _lines(text, start, end):
        is_blank = not line.text.strip()
        width = line.first - line.start
        if group and (is_blank or width < indent):
            yield above, group
            group = []
        if not is_blank:
            if not group:
                above, indent = before, width
            group.append(line)
        before = line.text
    if group:
        yield above, group


def _lines(text: str, start: int, end: int) -> Iterator[_Line]:
    """The lines that a selection touches."""
    for match in _LINE.finditer(text, line_start(text, start, len(text))):
        if match.start() >= max(end, start + 1):
            return
        if match.end() > start:
            yield _Line(match.start(), match[0])


def _line_above(text: str, offset: int) -> str:
    """The line before that of an offset, with its break; empty for none."""
    start = line_start(text, offset, len(text))
    end = start - (2 if text.endswith("\r\n", 0, start) else 1)
    return text[line_start(text, end, len(text)) : start] if start else ""


def _may_be_commented(tree: SyntaxTree, above: str, group: list[_Line]) -> bool:
    first = group[0]
    return (
        not _COMMENT.match(first.text)
        and not _COMMENT.match(above)
        # The line goes on from the one above: nothing may come between.
        and not above.rstrip().endswith("\\")
        and any(character.isalnum() for line in group for character in line.text)
        and tree.scope_at(first.first) is Scope.CODE
    )


def _plan(tree: SyntaxTree, dialect: Dialect, marks: tuple[str, str, str], group: list[_Line]) -> Plan:
    first, last = group[0], group[-1]
    start, end = first.first, last.start + len(last.text.rstrip())
    indent = tree.text[first.start : start]
    opening, hang, closing = marks
    slot = Slot(kind=SlotKind.COMMENT, name=narrate(tree, start, end), hang=hang)
    block = Entity(kind=EntityKind.BLOCK, name="", start=start, end=end, header_end=end)
    place = Place(start, indent, after=f"\n{indent}")
    return Plan(block, dialect, (Insertion(place, Skeleton((opening, slot, closing))),))


def _marks(tree: SyntaxTree) -> tuple[str, str, str]:
    """What a comment begins with, its further lines begin with, and it ends with."""
    if tree.language_id == "python":
        return "# ", "# ", ""
    if tree.language_id == "c" and "/*" in tree.text and not re.search(r"(?m)(?:^|[\s;{}])//", tree.text):
        return "/* ", " * ", " */"  # a file of old
    return "// ", "// ", ""

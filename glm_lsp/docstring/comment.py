"""Short comments above selected statements: one for each group between blank lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from glm_lsp.docstring.dialect import Dialect
from glm_lsp.docstring.docstrings import Source
from glm_lsp.docstring.entity import Entity, EntityKind, Place
from glm_lsp.docstring.narration import narrate
from glm_lsp.docstring.plan import Insertion, Plan
from glm_lsp.docstring.skeleton import Skeleton, Slot, SlotKind
from glm_lsp.errors import NothingToDocumentError
from glm_lsp.syntax.scope import Scope
from glm_lsp.syntax.tree import SyntaxTree

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_COMMENT = re.compile(r"\s*(?:#|//|/\*|\*)")
_MOST = 20
"""Groups of one selection: more is a file, not a block."""


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
    tree = source.tree
    lines = [_Line(match.start(), match[0]) for match in _LINE.finditer(tree.text)]
    plans = [
        _plan(tree, source.dialect, group)
        for group in _groups(lines, start, end)
        if _may_be_commented(tree, lines, group)
    ]
    if not plans:
        raise NothingToDocumentError(
            "the selection holds no statements without a comment", "Select the lines of some statements."
        )
    return tuple(plans[:_MOST])


def _groups(lines: list[_Line], start: int, end: int) -> Iterator[list[_Line]]:
    """Selected lines between blank ones, cut where the indentation gets smaller than the first line's."""
    group: list[_Line] = []
    for line in lines:
        if line.end <= start or line.start >= max(end, start + 1):
            continue
        is_blank = not line.text.strip()
        if group and (is_blank or line.first - line.start < group[0].first - group[0].start):
            yield group
            group = []
        if not is_blank:
            group.append(line)
    if group:
        yield group


def _may_be_commented(tree: SyntaxTree, lines: list[_Line], group: list[_Line]) -> bool:
    first = group[0]
    number = lines.index(first)
    above = lines[number - 1].text if number else ""
    return (
        not _COMMENT.match(first.text)
        and not _COMMENT.match(above)
        # The line goes on from the one above: nothing may come between.
        and not above.rstrip().endswith("\\")
        and any(character.isalnum() for line in group for character in line.text)
        and tree.scope_at(first.first) is Scope.CODE
    )


def _plan(tree: SyntaxTree, dialect: Dialect, group: list[_Line]) -> Plan:
    first, last = group[0], group[-1]
    start, end = first.first, last.start + len(last.text.rstrip())
    indent = tree.text[first.start : start]
    opening, hang, closing = _marks(tree)
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

r"""One line of a parsed text. Lines end at `\n`, `\r\n` or `\r`."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from glm_lsp.syntax.brackets import code_brackets
from glm_lsp.syntax.scope import Scope

if TYPE_CHECKING:
    from glm_lsp.syntax.tree import SyntaxTree

_FAR = 4096
"""Code points looked at when searching for the beginning of a statement."""
_OPENING = {")": "(", "]": "[", "}": "{"}


def line_span(text: str, offset: int) -> tuple[int, int]:
    """First and last offset on the line of `offset`; its line end is not on it."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    ends = [end for end in (text.find("\n", offset), text.find("\r", offset)) if end >= 0]
    return start, min(ends, default=len(text))


def code_end(tree: SyntaxTree, offset: int) -> int:
    """Where the code before `offset` ends on its line, without white space and comments at the end of it.

    The start of the line when there is no code on it.
    """
    start, _ = line_span(tree.text, offset)
    end = offset
    while True:
        end = start + len(tree.text[start:end].rstrip())
        if end == start:
            return end
        # Behind the end of a block comment one is in code again, but not one character further left.
        last = end if tree.scope_at(end) is Scope.COMMENT else end - 1
        if tree.scope_at(last) is not Scope.COMMENT:
            return end
        first = bisect_left(range(start, last), True, key=lambda at: tree.scope_at(at) is Scope.COMMENT)
        # The first place inside lies behind the first character of the comment's mark.
        end = start + max(0, first - 1)


def statement_start(tree: SyntaxTree, offset: int) -> int:
    """Start of the first line of what ends at `offset`: brackets closed before it are followed to their opening."""
    text, far, end, waiting = tree.text, max(0, offset - _FAR), offset, [""]
    for at, character in reversed(code_brackets(tree, far, offset)):
        if len(waiting) == 1 and (start := _last_line(text, at, end)) is not None:
            return start
        if character in _OPENING:
            waiting.append(_OPENING[character])
        elif character == waiting[-1]:
            waiting.pop()
        end = at
    start = _last_line(text, far, end) if len(waiting) == 1 else None
    return line_span(text, far)[0] if start is None else start


def _last_line(text: str, start: int, end: int) -> int | None:
    """Start of the last line that begins between two offsets; None if none does."""
    line_end = max(text.rfind("\n", start, end), text.rfind("\r", start, end))
    return None if line_end < 0 else line_end + 1

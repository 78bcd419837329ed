"""Whether a suggestion leaves a text as sound as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from glm_lsp.syntax.brackets import code_brackets
from glm_lsp.syntax.line import line_span
from glm_lsp.syntax.pace import CLOCKS, Clocks
from glm_lsp.syntax.scope import Scope

if TYPE_CHECKING:
    from glm_lsp.syntax.tree import SyntaxTree

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_HAVE_MACROS = frozenset(["c", "cpp"])
"""Languages in which sound text looks broken wherever a macro stands for syntax."""
_BODY_BELOW = frozenset(["c", "cpp", "java", "rust"])
"""Languages in which the brace of a body often stands on a line of its own."""
_GO_ON = (
    ",",
    "=",
    "=>",
    "+",
    "-",
    "*",
    "/",
    "&",
    "|",
    "^",
    "<",
    "?",
    ":",
    ".",
    "\\",
    " and",
    " or",
    " extends",
    " inline",
)
_NEED_MORE = ("@", "#", "try", "template")
"""How lines begin that are nothing without the next one."""
_LONGEST = 1_000
"""Code points from the start of the line to the end of an insertion that is looked at."""


def parses_no_worse(
    tree: SyntaxTree,
    offset: int,
    insertion: str,
    *,
    is_whole: bool = True,
    is_strict: bool = False,
    within_s: float = 0.03,
    clocks: Clocks = CLOCKS,
) -> bool:
    """Whether a text can be inserted without breaking anything.

    A line in the making is mostly broken as it stands, and what completes it has to mend it: a whole insertion may
    leave no more errors than there would be without the line. Brackets that it opens at its end may stay open, and
    comments and docstrings may go on as they like.

    Args:
        tree: the document as it is.
        offset: where it goes, in code points.
        insertion: one line or several.
        is_whole: False for an insertion that breaks off within its line; it has only to add no error.
        is_strict: whether it may not add an error either where a later line could take it away.
        within_s: seconds of work after which no further parse begins.
        clocks: tell how long it has been worked.

    Returns:
        True also where it cannot be told, because the line is too long or parsing takes too long.
    """
    worked = clocks.stopwatch()
    line_start, _ = line_span(tree.text, offset)
    end = offset + len(insertion)
    if end - line_start > _LONGEST:
        return True
    after = _replaced(tree, offset, offset, insertion)
    if is_strict and after is not None and after.num_errors > tree.num_errors:
        return False
    if after is None or after.num_errors == 0 or _stays_in_prose(tree, after, line_start, offset, end):
        return True
    open_on_line = _open_brackets(after, line_start, end)
    if open_on_line is None:
        return False
    num_allowed: float = tree.num_errors
    if _is_unfinished(tree.language_id, after.text[line_start:end]):
        num_allowed += 1
    elif is_whole:
        if worked() >= within_s:
            return True
        num_allowed = min(num_allowed, _num_errors_without_line(tree, offset))
    return after.num_errors <= num_allowed or any(
        worked() >= within_s or _has_at_most(num_allowed, _replaced(after, end, end, continuation))
        for continuation in _continuations(after, offset, end, open_on_line)
    )


def _num_errors_without_line(tree: SyntaxTree, offset: int) -> float:
    """How many would be left without the line of `offset`; infinite where that says nothing."""
    without = tree.without_line(offset)
    if without is None or (tree.language_id in _HAVE_MACROS and without.num_errors):
        return float("inf")
    return without.num_errors


def _has_at_most(num_allowed: float, tree: SyntaxTree | None) -> bool:
    return tree is None or tree.num_errors <= num_allowed


def _replaced(tree: SyntaxTree, start: int, end: int, new: str) -> SyntaxTree | None:
    return tree.edited(tree.text[:start] + new + tree.text[end:])


def _stays_in_prose(tree: SyntaxTree, after: SyntaxTree, line_start: int, offset: int, end: int) -> bool:
    """Whether a comment, or a string of several lines, just goes on."""
    scope = tree.scope_at(offset)
    is_prose = scope is Scope.COMMENT or (scope is Scope.STRING and tree.scope_at(line_start) is Scope.STRING)
    return is_prose and after.scope_at(end) is scope


def _is_unfinished(language_id: str, text: str) -> bool:
    """Whether the last line of `text` cannot stand without another one below."""
    line = text.rstrip()
    line = line[line.rfind("\n") + 1 :].lstrip()
    if line.endswith(":") and language_id == "python":
        return line == "try:"
    goes_on = line.endswith(_GO_ON) and not line.endswith(("++", "--"))
    return goes_on or line.startswith(_NEED_MORE)


def _continuations(after: SyntaxTree, offset: int, end: int, open_on_line: str) -> Iterator[str]:
    """Texts that could stand below an insertion that goes from `offset` to `end`."""
    insertion = after.text[offset:end].rstrip()
    if insertion.endswith(("(", "[", "{")) or "\n" in insertion:
        opened = _open_brackets(after, offset, end) or ""
        yield f"\n{opened}"
        if open_on_line != opened:
            yield f"\n{open_on_line}"
    if insertion.endswith((")", ">")) and after.language_id in _BODY_BELOW:
        yield "\n{}"


def _open_brackets(tree: SyntaxTree, start: int, end: int) -> str | None:
    """What closes the brackets that are opened between two offsets, innermost first; None if two do not match."""
    waiting: list[str] = []
    for _, character in code_brackets(tree, start, end):
        if character in _CLOSING:
            waiting.append(_CLOSING[character])
        elif waiting and waiting.pop() != character:
            return None
    return "".join(reversed(waiting))

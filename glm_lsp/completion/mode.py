"""How much a completion may write: the rest of a line, or a block."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from glm_lsp.completion.indent import indent_width
from glm_lsp.completion.lines import line_after, line_before
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.syntax.line import code_end, line_span, statement_start
from glm_lsp.syntax.scope import Scope

if TYPE_CHECKING:
    from glm_lsp.syntax.tree import SyntaxTree


class Mode(StrEnum):
    """The two modes of the CodeGeeX4 prompt; the same choice selects the stop rules."""

    LINE = "LINE"
    BLOCK = "BLOCK"


_OPENING_BRACKETS = ("{", "(", "[")
_COLON_LANGUAGES = frozenset(["python", "cython", "starlark", "bazel", "gdscript", "nim"])
_OPENING_WORDS: dict[str, tuple[str, ...]] = {
    "lua": ("then", "do", "else", "repeat"),
    "ruby": ("then", "do", "else", "begin", "ensure"),
    "shellscript": ("then", "do", "else"),
}
_COMMENTS = ("#", "//", "--", "/*", "*")

# First words of the statements whose colon opens a block; anywhere else a colon is part of a type, a dict, a label.
_COLON_WORDS: dict[str, tuple[str, ...]] = {
    "python": (
        *("async", "case", "class", "def", "elif", "else", "except", "finally", "for", "if", "match"),
        *("try", "while", "with"),
    ),
    "c": ("case", "default"),
    "cpp": ("case", "default", "private", "protected", "public"),
    "go": ("case", "default"),
    "java": ("case", "default"),
    "javascript": ("case", "default"),
    "javascriptreact": ("case", "default"),
    "typescript": ("case", "default"),
    "typescriptreact": ("case", "default"),
}
_FIRST_WORD = re.compile(r"\s*(\w*)")


def choose_mode(snapshot: DocumentSnapshot, tree: SyntaxTree | None = None) -> Mode:
    """BLOCK on the first line of a block that is still empty, else LINE.

    Decided from the lines before and after the cursor's, never from its own, so that no key typed on a line
    changes the mode: the mode stands at the head of the prompt, and another one would empty the KV cache.

    Args:
        snapshot: the document and the cursor.
        tree: the syntax tree of its text; without one the lines are read as they stand.
    """
    around = None if tree is None else tree.without_line(snapshot.offset)
    if around is None:
        opener = line_before(snapshot.text, snapshot.offset)
        is_opened, indent = _opens_block(opener, snapshot.language_id), indent_width(opener)
    else:
        is_opened, indent = _opened_in(around, line_span(snapshot.text, snapshot.offset)[0])
    if not is_opened:
        return Mode.LINE
    below = line_after(snapshot.text, snapshot.offset)
    return Mode.LINE if bool(below) and indent_width(below) > indent else Mode.BLOCK


def _opened_in(tree: SyntaxTree, start: int) -> tuple[bool, int]:
    """Whether the code above the line at `start` opens a block there, and the columns its statement is indented."""
    if tree.scope_at(start) is not Scope.CODE:
        return False, 0
    end = code_end(tree, len(tree.text[:start].rstrip()))
    line, _ = line_span(tree.text, end)
    if end == line or tree.scope_at(end) is not Scope.CODE:
        return False, 0
    last = tree.text[end - 1]
    first = statement_start(tree, end - 1)
    indent = indent_width(tree.text[first:end])
    if last in _OPENING_BRACKETS:
        return True, indent
    word = _FIRST_WORD.match(tree.text, first, end)
    words = _COLON_WORDS.get(tree.language_id, ())
    return last == ":" and word is not None and word[1] in words, indent


def _opens_block(line: str, language_id: str) -> bool:
    code = _without_comment(line)
    if code.endswith(_OPENING_BRACKETS):
        return True
    if code.endswith(":"):
        return language_id in _COLON_LANGUAGES
    *_, word = code.split() or [""]
    return word in _OPENING_WORDS.get(language_id, ())


def _without_comment(line: str) -> str:
    """The line's code, its trailing comment cut; a comment in a string is cut too, which only costs a block."""
    if line.lstrip().startswith(_COMMENTS):
        return ""
    for mark in (" #", " //"):
        line = line.partition(mark)[0]
    return line.rstrip()

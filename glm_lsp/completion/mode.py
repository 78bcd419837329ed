"""How much a completion may write: the rest of a line, or a block."""

from __future__ import annotations

from enum import StrEnum

from glm_lsp.completion.indent import indent_width
from glm_lsp.completion.lines import line_after, line_before
from glm_lsp.completion.snapshot import DocumentSnapshot


class Mode(StrEnum):
    """The two modes of the CodeGeeX4 prompt; the same choice selects the stop rules."""

    LINE = "LINE"
    BLOCK = "BLOCK"


_COLON_LANGUAGES = frozenset(["python", "cython", "starlark", "bazel", "gdscript", "nim"])
_OPENING_WORDS: dict[str, tuple[str, ...]] = {
    "lua": ("then", "do", "else", "repeat"),
    "ruby": ("then", "do", "else", "begin", "ensure"),
    "shellscript": ("then", "do", "else"),
}
_COMMENTS = ("#", "//", "--", "/*", "*")


def choose_mode(snapshot: DocumentSnapshot) -> Mode:
    """BLOCK on the first line of a block that is still empty, else LINE.

    Decided from the lines before and after the cursor's, never from its own, so that no key typed on a line
    changes the mode: the mode stands at the head of the prompt, and another one would empty the KV cache.
    """
    opener = line_before(snapshot.text, snapshot.offset)
    if not _opens_block(opener, snapshot.language_id):
        return Mode.LINE
    below = line_after(snapshot.text, snapshot.offset)
    is_filled = bool(below) and indent_width(below) > indent_width(opener)
    return Mode.LINE if is_filled else Mode.BLOCK


def _opens_block(line: str, language_id: str) -> bool:
    code = _without_comment(line)
    if code.endswith(("{", "(", "[")):
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

"""Documentation that somebody has just begun: its opening mark stands before the cursor, and nothing else yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from glm_lsp.completion.lines import line_end, line_start, next_line_start
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.syntax.scope import Scope

_STRING = re.compile(r"""[rRuU]?("{3}|'{3})""")
_BLOCK = re.compile(r"/\*\*")
_TRIPLE_SLASH = re.compile(r"///|/\*\*")
_LONGEST_HEAD = 1_000
_STAR = re.compile(r"[ \t]*(?:\* ?)?")
_OPENINGS = {
    "python": _STRING,
    **dict.fromkeys(["javascript", "javascriptreact", "typescript", "typescriptreact", "java", "c"], _BLOCK),
    "cpp": _TRIPLE_SLASH,
    "rust": _TRIPLE_SLASH,
    "go": re.compile(r"// (?:Package )?(?P<name>\w+) ?"),
}


@dataclass(frozen=True, slots=True)
class Opening:
    """An opening mark, the last thing before the cursor; a block's may stand on the line above, as after Enter.

    Attributes:
        start: its offset.
        mark: as it was typed: triple quotes, perhaps with a prefix, `/**` `///`, or Go's `//` with the
            name of what is defined below, by which its comments begin.
        indent: blanks before it on its line, where nothing else stands.
        closing: what the editor has closed it with by itself, behind the cursor, with blanks and the line break
            before it; empty for nothing.
        below: from the mark to the cursor where that is on the next line: line break, blanks and perhaps a star.
    """

    start: int
    mark: str
    indent: str
    closing: str
    below: str = ""

    @property
    def scope(self) -> Scope:
        """What the cursor is in."""
        return Scope.COMMENT if self.mark.startswith("/") else Scope.STRING


class Documenter(Protocol):
    """Writes the rest of it; `lsp/docstrings.py` does."""

    async def finish(self, snapshot: DocumentSnapshot, opening: Opening) -> str | None:
        """What completes the documentation, to be put in at the cursor; None where nothing can be documented there.

        Raises:
            GlmError: the engine cannot be reached or refused the request.
        """


def opening_before(snapshot: DocumentSnapshot) -> Opening | None:
    """The mark before the cursor; None where documentation has not just begun."""
    pattern = _OPENINGS.get(snapshot.language_id)
    text, cursor = snapshot.text, snapshot.offset
    if pattern is None:
        return None
    start = line_start(text, cursor)
    line = text[start:cursor]
    mark = line.lstrip(" \t")
    closing = text[cursor : line_end(text, cursor)].rstrip()
    match = pattern.fullmatch(mark)
    if match is None:
        return _block_above(text, cursor, start, closing) if pattern.fullmatch("/**") else None
    if (name := match.groupdict().get("name")) and not _is_named_below(text, cursor, name):
        return None
    if closing and closing.lstrip() != ("*/" if mark == "/**" else mark.lstrip("rRuU")):
        return None
    return Opening(cursor - len(mark), mark, line.removesuffix(mark), closing)


def _is_named_below(text: str, cursor: int, name: str) -> bool:
    """Whether a name stands on the line below: any other first word of a comment is not worth a parse."""
    below = next_line_start(text, cursor)
    return name in re.findall(r"\w+", text[below : min(line_end(text, below), below + _LONGEST_HEAD)])


def _block_above(text: str, cursor: int, start: int, closing: str) -> Opening | None:
    """A block's mark that stands alone above the cursor's line, which `start` begins and `closing` ends."""
    if not _STAR.fullmatch(text, start, cursor) or closing.lstrip() not in {"", "*/"}:
        return None
    end = start - (2 if text.startswith("\r\n", start - 2) else 1)
    first = line_start(text, max(end, 0))
    line = text[first : max(end, 0)]
    mark = line.lstrip(" \t")
    if mark != "/**":
        return None
    if not closing:
        below = next_line_start(text, cursor)
        last = text[below : line_end(text, below)].rstrip()
        closing = text[cursor:below] + last if last.lstrip() == "*/" else ""
    return Opening(end - len(mark), mark, line.removesuffix(mark), closing, text[end:cursor])

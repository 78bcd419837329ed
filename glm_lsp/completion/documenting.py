"""Documentation that somebody has just begun: its opening mark stands before the cursor, and nothing else yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from glm_lsp.completion.lines import line_end, line_start
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.syntax.scope import Scope

_STRING = re.compile(r"""[rRuU]?("{3}|'{3})""")
_BLOCK = re.compile(r"/\*\*")
_TRIPLE_SLASH = re.compile(r"///|/\*\*")
_OPENINGS = {
    "python": _STRING,
    **dict.fromkeys(["javascript", "javascriptreact", "typescript", "typescriptreact", "java", "c"], _BLOCK),
    "cpp": _TRIPLE_SLASH,
    "rust": _TRIPLE_SLASH,
}


@dataclass(frozen=True, slots=True)
class Opening:
    """An opening mark, the last thing before the cursor.

    Attributes:
        start: its offset.
        mark: as it was typed: triple quotes, perhaps with a prefix, `/**` or `///`.
        indent: blanks before it on its line, where nothing else stands.
        closing: what the editor has closed it with by itself, behind the cursor, with blanks; empty for nothing.
    """

    start: int
    mark: str
    indent: str
    closing: str

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
    if pattern is None or text[cursor - 1 : cursor] not in {'"', "'", "*", "/"}:
        return None
    line = text[line_start(text, cursor) : cursor]
    mark = line.lstrip(" \t")
    if not pattern.fullmatch(mark):
        return None
    closing = text[cursor : line_end(text, cursor)].rstrip()
    if closing and closing.lstrip() != ("*/" if mark == "/**" else mark.lstrip("rRuU")):
        return None
    return Opening(cursor - len(mark), mark, line.removesuffix(mark), closing)

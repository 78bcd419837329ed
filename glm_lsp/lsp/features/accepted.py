"""`workspace/executeCommand` with `glm.accepted`: the command of every suggestion, which editors run when it is taken.

What was taken is told from the edits anyway; this tells it where an edit says nothing, as with a single bracket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer

ACCEPTED = "glm.accepted"


async def accepted(ls: GlmLanguageServer, *arguments: object) -> None:
    """Counts the suggestion with that number; anything else is left alone."""
    number = arguments[0] if arguments else None
    if isinstance(number, list):  # some clients hand on the list as it is
        number = number[0] if number else None
    if isinstance(number, int) and not isinstance(number, bool):
        ls.usage.told(number)

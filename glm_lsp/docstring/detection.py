"""Which dialect a document's documentation is written in: its own, else the project's, else the language's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from glm_lsp.docstring.dialect import STYLES, Dialect, Style

_WIDTHS = {"python": 88, "rust": 100, "java": 100, "go": 100}
_WIDTH = 80


class Surroundings(Protocol):
    """What the rest of a project shows."""

    def documentations(self, language_id: str) -> Sequence[str]:
        """Documentation in other files of that language, with quotes or marks, nearest files first."""

    def width(self, language_id: str) -> int | None:
        """Columns of the longest line that the project's settings allow; None where nothing says it."""


class NoSurroundings:
    """For a document that lies nowhere."""

    def documentations(self, language_id: str) -> Sequence[str]:
        """None."""
        return ()

    def width(self, language_id: str) -> int | None:
        """None."""
        return None


def dialect_of(
    language_id: str, own: Sequence[str], surroundings: Surroundings, forced: Style | None = None
) -> Dialect:
    """How documentation is to be written in a document.

    Args:
        own: documentation in the document itself, with quotes or marks.
        surroundings: asked for documentation only where the document's own does not tell.
        forced: the style to take whatever is found; one that the language does not have is left out.
    """
    styles = STYLES.get(language_id, (Style.PLAIN,))
    style = forced if forced in styles else styles[0]
    width = surroundings.width(language_id) or _WIDTHS.get(language_id, _WIDTH)
    return replace(Dialect(style=style, has_sections=language_id == "python"), width=width)

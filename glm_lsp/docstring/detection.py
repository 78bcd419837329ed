"""Which dialect a document's documentation is written in: its own, else the project's, else the language's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from glm_lsp.docstring.dialect import STYLES, Dialect, Style
from glm_lsp.docstring.styles.comment_habits import TAGGED, default_dialect, habits, in_the_form_of
from glm_lsp.docstring.styles.python_habits import dialect_in, docstrings_of, leaves_out, style_of

_WIDTHS = {"python": 88, "rust": 100, "java": 100, "go": 100}
_WIDTH = 80
_WIDEST = 120
"""Of prose, whatever is allowed to code."""


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
    language_id: str,
    own: Sequence[str],
    surroundings: Surroundings,
    forced: Style | None = None,
    signed: Sequence[str] | None = None,
    *,
    num_signed: int = 0,
) -> Dialect:
    """How documentation is to be written in a document.

    Args:
        own: documentation in the document itself, with quotes or marks.
        surroundings: asked for documentation only where the document's own does not tell.
        forced: the style to take whatever is found; one that the language does not have is left out.
        signed: what of `own` documents something that has parameters or the like; None for all of it.
        num_signed: all that has, documented or not, if that is more.
    """
    styles = STYLES.get(language_id)
    if styles is None:
        dialect = Dialect(style=Style.PLAIN)
    else:
        wanted = forced if forced in styles else None
        if language_id == "python":
            dialect = _in_python(language_id, own, surroundings, wanted)
            signed = own if signed is None else signed
            leaves = wanted is None and leaves_out(signed, max(len(signed), num_signed))
            dialect = replace(dialect, has_sections=dialect.has_sections and not leaves)
        else:
            dialect = _in_comments(language_id, own, surroundings, wanted, signed)
    width = surroundings.width(language_id) or _WIDTHS.get(language_id, _WIDTH)
    return replace(dialect, width=min(width, _WIDEST))


def _in_python(
    language_id: str, own: Sequence[str], surroundings: Surroundings, forced: Style | None
) -> Dialect:
    docstrings = docstrings_of(own)
    style = style_of(docstrings)
    tells = style is not None and forced in (style, None)
    others = () if tells else docstrings_of(surroundings.documentations(language_id))
    style = forced or style or style_of(others) or STYLES[language_id][0]
    dialect = dialect_in(style, docstrings, others)
    return replace(dialect, has_sections=dialect.has_sections or forced is not None)


def _in_comments(
    language_id: str,
    own: Sequence[str],
    surroundings: Surroundings,
    forced: Style | None,
    signed: Sequence[str] | None,
) -> Dialect:
    dialect = habits(language_id, own, forced, signed)
    if dialect is None:
        others = habits(language_id, surroundings.documentations(language_id), forced)
        dialect = others or default_dialect(language_id, forced or STYLES[language_id][0])
        dialect = in_the_form_of(dialect, own)
    is_wish = forced is not None and forced in TAGGED
    return replace(dialect, has_sections=dialect.has_sections or is_wish)

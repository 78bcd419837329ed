"""All styles, by name."""

from __future__ import annotations

from glm_lsp.docstring.dialect import Style
from glm_lsp.docstring.styles.styling import Styling

_STYLINGS: dict[Style, Styling] = {}


def styling_of(style: Style, language_id: str = "python") -> Styling:
    """What can be done in a style.

    Args:
        style: one that the language has, as `STYLES` tells.
        language_id: LSP identifier; `Style.PLAIN` is a string in Python, and a comment elsewhere.
    """
    return _STYLINGS[style]

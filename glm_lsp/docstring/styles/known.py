"""All styles, by name."""

from __future__ import annotations

from glm_lsp.docstring.dialect import Style
from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.styles.doxygen import Doxygen
from glm_lsp.docstring.styles.go import Go
from glm_lsp.docstring.styles.javadoc import Javadoc
from glm_lsp.docstring.styles.jsdoc import JSDoc
from glm_lsp.docstring.styles.plain_comment import PlainComment
from glm_lsp.docstring.styles.python_content import items_of
from glm_lsp.docstring.styles.python_section import SectionKind
from glm_lsp.docstring.styles.python_styling import PYTHON_STYLINGS
from glm_lsp.docstring.styles.rustdoc import Rustdoc
from glm_lsp.docstring.styles.styling import Styling
from glm_lsp.docstring.styles.subjects import subjects
from glm_lsp.docstring.styles.tsdoc import TSDoc

_STYLINGS: dict[Style, Styling] = {
    **PYTHON_STYLINGS,
    Style.JSDOC: JSDoc(),
    Style.TSDOC: TSDoc(),
    Style.GO: Go(),
    Style.RUSTDOC: Rustdoc(),
    Style.JAVADOC: Javadoc(),
    Style.DOXYGEN: Doxygen(),
}
_PLAIN_OF_C = PlainComment(Doxygen())
_PLAIN: dict[str, Styling] = {
    **dict.fromkeys(
        ["javascript", "javascriptreact", "typescript", "typescriptreact"], PlainComment(JSDoc())
    ),
    "java": PlainComment(Javadoc()),
    "c": _PLAIN_OF_C,
    "cpp": _PLAIN_OF_C,
}


def styling_of(style: Style, language_id: str = "python") -> Styling:
    """What can be done in a style.

    Args:
        style: one that the language has, as `STYLES` tells.
        language_id: LSP identifier; `Style.PLAIN` is a string in Python, and a comment elsewhere.

    Raises:
        KeyError: the language does not have that style.
    """
    if style is Style.PLAIN and language_id in _PLAIN:
        return _PLAIN[language_id]
    return _STYLINGS[style]


def is_signed(entity: Entity, language_id: str) -> bool:
    """Whether documentation of an entity has something to list: parameters, what comes back, what is raised."""
    if language_id == "python":
        # Attributes are documented in other places as well.
        return bool(items_of(entity).keys() - {SectionKind.ATTRIBUTES})
    return bool(subjects(entity))

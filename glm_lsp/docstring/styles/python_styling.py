"""The styles of Python docstrings, by name."""

from __future__ import annotations

from dataclasses import dataclass

from glm_lsp.docstring.dialect import Dialect, Style
from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.plan import Insertion
from glm_lsp.docstring.skeleton import Skeleton
from glm_lsp.docstring.styles.google import GoogleLayout
from glm_lsp.docstring.styles.numpy import NumpyLayout
from glm_lsp.docstring.styles.python_completion import missing
from glm_lsp.docstring.styles.python_content import Layout
from glm_lsp.docstring.styles.python_docstring import read
from glm_lsp.docstring.styles.python_skeleton import skeleton
from glm_lsp.docstring.styles.sphinx import SphinxLayout
from glm_lsp.docstring.styles.styling import Documented, Styling

LAYOUTS: dict[Style, Layout] = {
    Style.GOOGLE: GoogleLayout(),
    Style.NUMPY: NumpyLayout(),
    Style.SPHINX: SphinxLayout(),
}
"""`Style.PLAIN` has none: it lists nothing."""


@dataclass(frozen=True, slots=True)
class PythonStyling:
    """One style; docstrings that are there already are read and completed in their own."""

    layout: Layout | None

    def skeleton(self, entity: Entity, dialect: Dialect) -> Skeleton:
        """As `Styling.skeleton`."""
        return skeleton(self.layout, entity, dialect)

    def missing(self, entity: Entity, dialect: Dialect) -> tuple[Insertion, ...]:
        """As `Styling.missing`."""
        return missing(LAYOUTS, entity, dialect)

    def read(self, text: str) -> Documented:
        """As `Styling.read`."""
        return read(text)


PYTHON_STYLINGS: dict[Style, Styling] = {
    **{style: PythonStyling(layout) for style, layout in LAYOUTS.items()},
    Style.PLAIN: PythonStyling(None),
}

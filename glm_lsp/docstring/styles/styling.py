"""What each style can do; `styles.known` has them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from glm_lsp.docstring.dialect import Dialect
from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.plan import Insertion
from glm_lsp.docstring.skeleton import Skeleton


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """What a documentation speaks of; names are without marks (`args`, not `*args`), in order."""

    summary: str = ""
    parameters: tuple[str, ...] = ()
    type_parameters: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    raises: tuple[str, ...] = ()
    has_returns: bool = False
    has_yields: bool = False


class Styling(Protocol):
    """One style. All methods are pure."""

    def skeleton(self, entity: Entity, dialect: Dialect) -> Skeleton:
        """New documentation for an entity: exactly its parameters, what comes back, what is raised."""

    def missing(self, entity: Entity, dialect: Dialect) -> tuple[Insertion, ...]:
        """What an entity's documentation lacks of these, and where it goes; nothing there is ever changed.

        Empty where nothing is missing, and where there is no place that is sure to be right. A documentation without
        a summary gets none: what its author put first is left first.
        """

    def read(self, text: str) -> Documented:
        """What a documentation speaks of; `text` as in `Documentation`, with its quotes or marks."""

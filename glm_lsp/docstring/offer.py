"""What can be written for a cursor or a selection: as people are offered it, and as plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from glm_lsp.docstring.comment import has_statements, plan_comments
from glm_lsp.docstring.docstrings import Source
from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.finding import entity_at, undocumented
from glm_lsp.docstring.plan import Plan
from glm_lsp.errors import NothingToDocumentError


class Extent(StrEnum):
    """How much is to be documented; the values are those of the command's argument `scope`."""

    DEFINITION = "definition"
    FILE = "file"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that can be asked for.

    Attributes:
        title: for people.
        reason: why it cannot be had after all; empty where it can.
    """

    extent: Extent
    title: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """A document and what of it would be documented if somebody named the whole of it."""

    source: Source
    of_file: tuple[Plan, ...]

    @classmethod
    def of(cls, source: Source) -> Survey:
        """Looks at every definition of a document."""
        plans = (source.plan(entity) for entity in undocumented(source.entities))
        return cls(source, tuple(plan for plan in plans if plan))

    def offers(self, start: int, end: int) -> tuple[Offer, ...]:
        """What to offer for a selection, or a cursor where both offsets are the same."""
        entity, offers = self._entity_at(start), []
        plan = self.source.plan(entity) if entity else None
        if entity and plan:
            offers.append(Offer(Extent.DEFINITION, _title(entity)))
        elif entity and entity.documentation is None and (reason := _obstacle(entity)):
            offers.append(Offer(Extent.DEFINITION, _title(entity), reason))
        num_others = sum(each.entity != entity for each in self.of_file)
        if num_others:
            many = len(self.of_file)
            offers.append(Offer(Extent.FILE, f"Generate docstrings for {many} definition{'s' * (many > 1)}"))
        if start != end and has_statements(self.source, start, end):
            offers.append(Offer(Extent.BLOCK, "Comment this block"))
        return tuple(offers)

    def plans(self, extent: Extent, start: int, end: int) -> Sequence[Plan]:
        """What is to be written.

        Args:
            extent: how much.
            start, end: the selection; both the same for a cursor.

        Raises:
            NothingToDocumentError: nothing can be documented there, or nothing is missing.
        """
        if extent is Extent.BLOCK:
            return plan_comments(self.source, start, end)
        if extent is Extent.FILE:
            if not self.of_file:
                raise NothingToDocumentError("every public definition of this file has its documentation")
            return self.of_file
        entity = self._entity_at(start)
        if entity is None:
            raise NothingToDocumentError("there is no definition at the cursor")
        plan = self.source.plan(entity)
        if plan is None:
            name = entity.name or "the module"
            raise NothingToDocumentError(
                f"{name}: {_obstacle(entity) or 'nothing is missing in its documentation'}"
            )
        return (plan,)

    def _entity_at(self, offset: int) -> Entity | None:
        return entity_at(self.source.entities, offset, self.source.tree.text)


def _title(entity: Entity) -> str:
    name = f"`{entity.name}`" if entity.name else "the module"
    if entity.documentation is None:
        return f"Generate docstring for {name}"
    return f"Complete the docstring of {name}"


def _obstacle(entity: Entity) -> str:
    """Why an entity cannot be documented; empty where it can."""
    if not entity.is_sound:
        return "there is a syntax error in it"
    if entity.documentation is None and entity.place is None:
        return "there is no room for documentation without changing its line"
    return ""

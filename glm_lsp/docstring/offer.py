"""What can be written for a cursor or a selection: as people are offered it, and as plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from glm_lsp.docstring.comment import has_statements, plan_comments
from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.extent import Extent
from glm_lsp.docstring.finding import entity_at, undocumented
from glm_lsp.docstring.inventory import obstacle, title
from glm_lsp.docstring.plan import Plan
from glm_lsp.docstring.proposal import Source
from glm_lsp.errors import NothingToDocumentError


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
    """A document and what of it would be documented if somebody named the whole of it.

    Use it in threads: neither planning for long documentation nor looking through a selection is done at once.
    """

    source: Source
    of_file: tuple[Plan, ...]
    _plans: dict[int, Plan | None] = field(default_factory=dict, compare=False, repr=False)
    """What is known already, by the identity of entities."""

    @classmethod
    def of(cls, source: Source) -> Survey:
        """Looks at every definition of a document."""
        plans = {
            id(entity): source.plan(entity) for entity in undocumented(source.entities, source.snapshot.path)
        }
        return cls(source, tuple(plan for plan in plans.values() if plan), plans)

    def offers(self, start: int, end: int) -> tuple[Offer, ...]:
        """What to offer for a selection, or a cursor where both offsets are the same."""
        entity, offers = self._entity_at(start), []
        if entity and self._plan(entity):
            offers.append(Offer(Extent.DEFINITION, _wording(entity)))
        elif entity and entity.documentation is None and (reason := obstacle(entity)):
            offers.append(Offer(Extent.DEFINITION, _wording(entity), reason))
        if any(each.entity is not entity for each in self.of_file):
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
        plan = self._plan(entity)
        if plan is None:
            reason = obstacle(entity) or "nothing is missing in its documentation"
            raise NothingToDocumentError(f"{entity.name or f'the {title(entity)}'}: {reason}")
        return (plan,)

    def _plan(self, entity: Entity) -> Plan | None:
        key = id(entity)
        if key not in self._plans:
            self._plans[key] = self.source.plan(entity)
        return self._plans[key]

    def _entity_at(self, offset: int) -> Entity | None:
        return entity_at(self.source.entities, offset, self.source.tree.text)


def _wording(entity: Entity) -> str:
    name = f"`{entity.name}`" if entity.name else f"the {title(entity)}"
    if entity.documentation is None:
        return f"Generate docstring for {name}"
    return f"Complete the docstring of {name}"

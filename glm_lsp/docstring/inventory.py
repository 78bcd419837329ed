"""What a document has that can be documented, and what of it lacks documentation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from glm_lsp.docstring.entity import Entity, EntityKind
from glm_lsp.docstring.finding import is_stub, wished
from glm_lsp.docstring.plan import Plan
from glm_lsp.docstring.proposal import Source
from glm_lsp.docstring.skeleton import Slot, SlotKind

_LIST = {SlotKind.PARAMETER: "parameters", SlotKind.TYPE_PARAMETER: "type parameters", SlotKind.RAISES: "raises",
         SlotKind.ATTRIBUTE: "attributes"}  # fmt: skip


class State(StrEnum):
    """How far something is documented."""

    DOCUMENTED = "documented"
    INCOMPLETE = "incomplete"
    UNDOCUMENTED = "undocumented"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be documented.

    Attributes:
        plan: what would be put in; None where nothing is missing, or nothing can be put in.
        is_wished: whether who names the whole file means it, and be it in vain.
    """

    entity: Entity
    plan: Plan | None
    is_wished: bool

    @property
    def state(self) -> State:
        """Documentation that nothing can be added to counts as complete."""
        if self.entity.documentation is None:
            return State.UNDOCUMENTED
        return State.INCOMPLETE if self.plan else State.DOCUMENTED

    @property
    def reason(self) -> str:
        """Why it is not documented and cannot be; empty for all else."""
        if self.plan or self.entity.documentation:
            return ""
        return obstacle(self.entity) or "its signature is too long"

    @property
    def lack(self) -> str:
        """What is missing, in words; empty where nothing is."""
        if self.entity.documentation is None:
            return f"no documentation: {self.reason}" if self.reason else "no documentation"
        return f"lacks {_named(self.plan)}" if self.plan else ""


def inventory(source: Source, *, private: bool = False) -> tuple[Item, ...]:
    """Everything in a document, in order.

    Args:
        private: whether private and nested definitions are wished, too.
    """
    path = source.snapshot.path
    undocumented = frozenset(wished(source.entities, path, private=private))
    return tuple(
        Item(
            entity,
            source.plan(entity),
            not is_stub(path) and _is_wished(entity, undocumented, private=private),
        )
        for entity in source.entities
    )


def _is_wished(entity: Entity, undocumented: frozenset[Entity], *, private: bool) -> bool:
    if entity.documentation is None:
        return entity in undocumented
    return private or (entity.is_public and not entity.is_nested)


def obstacle(entity: Entity) -> str:
    """Why an entity cannot be documented, by the parse; empty where it can."""
    if not entity.is_sound:
        return "there is a syntax error in it"
    if entity.documentation is None and entity.place is None:
        return "there is no room for documentation without changing its line"
    return ""


def title(entity: Entity) -> str:
    """The name, or what has none by its kind."""
    return entity.qualified_name or (
        "module" if entity.kind is EntityKind.MODULE else entity.kind.name.lower()
    )


def _named(plan: Plan | None) -> str:
    slots = [slot for insertion in plan.insertions for slot in insertion.skeleton.slots] if plan else []
    return ", ".join(_words(slots))


def _words(slots: list[Slot]) -> Iterator[str]:
    for kind in SlotKind:
        found = [slot for slot in slots if slot.kind is kind]
        if found and kind in _LIST:
            yield f"{_LIST[kind]} {' '.join(slot.name for slot in found)}".rstrip()
        elif found:
            yield kind.name.lower()

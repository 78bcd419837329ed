"""What is to be put into a document for one entity, its sentences still missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from glm_lsp.docstring.dialect import Dialect
from glm_lsp.docstring.entity import Entity, Place
from glm_lsp.docstring.skeleton import Skeleton


@dataclass(frozen=True, slots=True)
class Insertion:
    """A piece of documentation and where it goes.

    Attributes:
        place: its line breaks are \\n, whatever the document has.
    """

    place: Place
    skeleton: Skeleton

    def text(self, sentences: Sequence[str], width: int) -> str:
        """What is put in at `place.offset`; one sentence for each slot."""
        place = self.place
        return place.before + self.skeleton.text(sentences, place.indent, width) + place.after

    def before(self, number: int, sentences: Sequence[str], width: int) -> str:
        """What of it stands before one slot, counted from 0; `sentences` are those of the slots before."""
        return self.place.before + self.skeleton.before(number, sentences, self.place.indent, width)


@dataclass(frozen=True, slots=True)
class Plan:
    """The insertions for one entity, by offset: one for new documentation, more where parts were missing."""

    entity: Entity
    dialect: Dialect
    insertions: tuple[Insertion, ...]

    @property
    def num_slots(self) -> int:
        """Sentences to be written."""
        return sum(len(insertion.skeleton.slots) for insertion in self.insertions)

"""Files that are to be documented: which were named, what of each is meant, what was written for it."""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from glm_lsp.docstring.author import Author
from glm_lsp.docstring.dialect import STYLES, Style
from glm_lsp.docstring.finding import entity_at
from glm_lsp.docstring.header import judged
from glm_lsp.docstring.inventory import Item, State, inventory, title
from glm_lsp.docstring.plan import Plan
from glm_lsp.docstring.project.files import ProjectFiles
from glm_lsp.docstring.proposal import Proposal, Source, propose
from glm_lsp.errors import InputError, NothingToDocumentError, UnknownGrammarError
from glm_lsp.project_root import project_root
from glm_lsp.source_file import SourcePosition, language_id, line_starts
from glm_lsp.source_replacement import EditableSource


@dataclass(frozen=True, slots=True)
class Target:
    """A file that was named.

    Attributes:
        positions: the places in it that were named; none means the whole file.
    """

    path: Path
    positions: tuple[SourcePosition, ...] = ()

    @property
    def has_grammar(self) -> bool:
        """Whether its language can be documented."""
        return language_id(self.path) in STYLES


def targets(arguments: Sequence[str]) -> tuple[Target, ...]:
    """`FILE` and `FILE:LINE[:COL]`, each file once; what is there under the whole name is a file."""
    found: dict[Path, tuple[SourcePosition, ...]] = {}
    for argument in arguments:
        position = _position(argument)
        path = position.path if position else Path(argument)
        if position is None or found.get(path) == ():
            found[path] = ()
        else:
            found[path] = (*found.get(path, ()), position)
    return tuple(Target(path, positions) for path, positions in found.items())


def _position(argument: str) -> SourcePosition | None:
    if Path(argument).exists():
        return None
    try:
        return SourcePosition.parse(argument)
    except InputError:
        return None


@dataclass(frozen=True, slots=True)
class SourceToDocument:
    """One file, read and parsed.

    Attributes:
        items: what of it was asked for: the definitions at the places, or everything.
        names_places: whether places were named.
        line_starts: offsets.
    """

    file: EditableSource
    source: Source
    items: tuple[Item, ...]
    names_places: bool
    line_starts: tuple[int, ...] = field(repr=False)

    @classmethod
    def read(cls, target: Target, forced: Style | None, *, private: bool) -> SourceToDocument:
        """Reads and parses a file, and plans what it needs.

        Raises:
            InputError: the file, a place in it or its language cannot be used.
        """
        if not target.has_grammar:
            raise UnknownGrammarError(f"{target.path} is in no language with a grammar here")
        file = EditableSource.read(target.path)
        snapshot = judged(SourcePosition(target.path, 1, 1).snapshot_of(file.text))
        path = target.path.resolve()
        surroundings = ProjectFiles(path, [project_root(path)], max_seconds=math.inf)
        source = Source.of(snapshot, surroundings, forced)
        named = tuple(_items_at(source, target.positions))
        items = named if target.positions else inventory(source, private=private)
        return cls(file, source, items, bool(target.positions), line_starts(file.text))

    def plans(self, *, completes: bool) -> tuple[Plan, ...]:
        """What is to be written.

        Args:
            completes: whether incomplete documentation is completed in a whole file, too.

        Raises:
            NothingToDocumentError: a place was named, and nothing is missing there.
        """
        if self.names_places:
            return tuple(self._plan_at(item) for item in self.items)
        return tuple(item.plan for item in self.lacking(completes=completes) if item.plan)

    def _plan_at(self, item: Item) -> Plan:
        if item.plan:
            return item.plan
        name = f"{self.file.path}: {title(item.entity)}"
        if not item.entity.is_sound:
            raise NothingToDocumentError(f"{name} has a syntax error", "Mend it first.")
        if item.entity.documentation is None:
            raise NothingToDocumentError(
                f"{name} leaves no room for documentation", "Put it on lines of its own."
            )
        raise NothingToDocumentError(f"{name} is documented already")

    def lacking(self, *, completes: bool) -> tuple[Item, ...]:
        """What would be written: all that lacks something at named places; in a whole file what has no documentation.

        Args:
            completes: whether in a whole file what is incomplete counts, too.
        """
        return tuple(
            item
            for item in self.items
            if item.plan
            and (self.names_places or (item.is_wished and (completes or item.state is State.UNDOCUMENTED)))
        )

    def line(self, offset: int) -> int:
        """The line of an offset, from 1."""
        return bisect_right(self.line_starts, offset)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        line = self.line(offset)
        return line, offset - self.line_starts[line - 1] + 1


def _items_at(source: Source, positions: Sequence[SourcePosition]) -> Iterator[Item]:
    seen, text = set(), source.snapshot.text
    for position in positions:
        entity = entity_at(source.entities, position.offset_in(text), text)
        if entity is None:
            raise NothingToDocumentError(f"there is no definition at {position.path}:{position.line}")
        if entity not in seen:
            yield Item(entity, source.plan(entity), is_wished=True)
        seen.add(entity)


@dataclass(frozen=True, slots=True)
class Written:
    """What was written for one file.

    Attributes:
        ms: milliseconds for each of `proposal.documented`.
    """

    target: SourceToDocument
    plans: tuple[Plan, ...]
    proposal: Proposal
    ms: tuple[float, ...]


async def write(
    target: SourceToDocument, plans: tuple[Plan, ...], author: Author, on_sentence: Callable[[], None]
) -> Written:
    """Has the sentences for one file written.

    Raises:
        CodeTouchedError: nothing of it can be put in without touching code.
        GlmError: the engine cannot be reached or refused the request.
    """
    clock = [time.perf_counter()]

    def note(done: int, total: int) -> None:
        clock.append(time.perf_counter())
        on_sentence()

    proposal = await propose(target.source, plans, author, note)
    times, at = {}, 0
    for plan in plans:
        end = at + plan.num_slots
        times[plan.entity] = 1e3 * (clock[end] - clock[at])
        at = end
    return Written(target, plans, proposal, tuple(times[one.entity] for one in proposal.documented))

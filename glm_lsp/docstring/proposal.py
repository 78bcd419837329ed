"""Documentation for what is under a cursor or in a whole file: found, planned, written, proven.

entities of the parse -> dialect of the file or project -> plan with slots -> sentences -> insertions -> proof
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.author import Author
from glm_lsp.docstring.detection import Surroundings, dialect_of
from glm_lsp.docstring.dialect import Dialect, Style
from glm_lsp.docstring.edit import TextInsertion, inserted, line_break_of
from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.filling import Sentence, fill
from glm_lsp.docstring.finding import find_entities
from glm_lsp.docstring.plan import Insertion, Plan
from glm_lsp.docstring.proof import Original
from glm_lsp.docstring.source_tree import parse
from glm_lsp.docstring.styles.known import is_signed, styling_of
from glm_lsp.errors import CodeTouchedError, UnknownGrammarError
from glm_lsp.syntax.tree import SyntaxTree

OnSentence = Callable[[int, int], None]
"""Told of sentences written, and of all there are to be."""

_MOST_NAMES = 500
"""Of parameters and the like that are listed for one entity; more are data that somebody generated."""
_MOST_PROOFS = 50
"""Texts that are compared with the original: six or seven find one definition of a hundred that touches code."""


@dataclass(frozen=True, slots=True)
class Documented:
    """What came of one entity.

    Attributes:
        insertions: with the document's line breaks.
        sentences: one for each slot.
    """

    entity: Entity
    dialect: Dialect
    insertions: tuple[TextInsertion, ...]
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Documentation for a document, proven to touch nothing else of it.

    Attributes:
        snapshot: what it is about: this text and no other.
        documented: by place.
        refused: entities whose documentation would have touched code.
    """

    snapshot: DocumentSnapshot
    documented: tuple[Documented, ...]
    refused: tuple[Entity, ...] = ()

    @property
    def insertions(self) -> tuple[TextInsertion, ...]:
        """All of it, by offset."""
        return tuple(sorted(each for one in self.documented for each in one.insertions))

    @property
    def text(self) -> str:
        """The document with it."""
        return inserted(self.snapshot.text, self.insertions)


@dataclass(frozen=True, slots=True)
class Source:
    """A document as its documentation sees it: what can be documented there, and how the project does that.

    Attributes:
        entities: all of them, in order, undocumented or not.
    """

    snapshot: DocumentSnapshot
    tree: SyntaxTree
    entities: tuple[Entity, ...]
    dialect: Dialect

    @classmethod
    def of(
        cls, snapshot: DocumentSnapshot, surroundings: Surroundings, forced: Style | None = None
    ) -> Source:
        """Parses a document; takes up to half a second for the largest.

        Args:
            surroundings: what other files of the project show, asked only where the document shows nothing.
            forced: the style to use whatever is found; one that its language does not have is left out.

        Raises:
            UnknownGrammarError: the language has no grammar here, or the document is too large.
        """
        tree = parse(snapshot.language_id, snapshot.text)
        if tree is None:
            name = snapshot.path or snapshot.uri
            raise UnknownGrammarError(
                f"{name} cannot be parsed as {snapshot.language_id or 'no known language'}"
            )
        entities = find_entities(tree)
        own = [entity.documentation.text for entity in entities if entity.documentation]
        language = snapshot.language_id
        with_signature = [entity for entity in entities if is_signed(entity, language)]
        signed = [entity.documentation.text for entity in with_signature if entity.documentation]
        dialect = dialect_of(language, own, surroundings, forced, signed, num_signed=len(with_signature))
        return cls(snapshot, tree, entities, dialect)

    def plan(self, entity: Entity) -> Plan | None:
        """What an entity needs; None where nothing is missing, or nothing can be put in."""
        if not entity.is_sound or entity.num_names > _MOST_NAMES:
            return None
        styling = styling_of(self.dialect.style, self.snapshot.language_id)
        if entity.documentation is not None:
            insertions = styling.missing(entity, self.dialect)
        elif entity.place is not None:
            insertions = (Insertion(entity.place, styling.skeleton(entity, self.dialect)),)
        else:
            return None
        return Plan(entity, self.dialect, insertions) if insertions else None


@dataclass(slots=True)
class _Written:
    documented: list[Documented] = field(default_factory=list)
    num_sentences: int = 0


async def propose(
    source: Source, plans: Sequence[Plan], author: Author, on_sentence: OnSentence = lambda done, total: None
) -> Proposal:
    """Has the sentences of all plans written, and proves the outcome.

    Cancelling the awaiting task ends the work; nothing has been changed then.

    Raises:
        CodeTouchedError: not one of the plans can be carried out without touching code.
        GlmError: the engine cannot be reached or refused the request.
    """
    total, written = sum(plan.num_slots for plan in plans), _Written()
    for plan in plans:

        def note() -> None:
            written.num_sentences += 1
            on_sentence(written.num_sentences, total)

        sentences = await fill(plan, source.snapshot, author, note)
        written.documented.append(_carried_out(plan, source.snapshot, sentences))
    stop = threading.Event()
    try:
        # Parses and walks: others may have something to do on this loop.
        return await asyncio.to_thread(_proven, source.snapshot, written.documented, stop)
    finally:
        stop.set()  # nobody waits for the thread any more


def _carried_out(plan: Plan, snapshot: DocumentSnapshot, sentences: tuple[Sentence, ...]) -> Documented:
    line_break = line_break_of(snapshot.text)
    remaining = [sentence.text for sentence in sentences]
    insertions = []
    for insertion in plan.insertions:
        own = [remaining.pop(0) for _ in insertion.skeleton.slots]
        text = insertion.text(own, plan.dialect.width).replace("\n", line_break)
        insertions.append(TextInsertion(insertion.place.offset, text))
    return Documented(plan.entity, plan.dialect, tuple(insertions), sentences)


def _proven(snapshot: DocumentSnapshot, documented: Sequence[Documented], stop: threading.Event) -> Proposal:
    """All of it if that touches no code; else as much as is found to touch none, each by itself and together."""
    original = Original(snapshot.language_id, snapshot.text)

    def is_harmless(part: Sequence[Documented]) -> bool:
        return not original.is_touched_in(Proposal(snapshot, tuple(part)).text)

    kept, refused = _parted(documented, is_harmless, stop)
    proposal = Proposal(snapshot, kept, tuple(one.entity for one in refused))
    if refused and not (kept and is_harmless(kept)):
        name = documented[0].entity.qualified_name or "the module"
        raise CodeTouchedError(f"documentation of {name} would have touched the code around it")
    return proposal


def _parted(
    documented: Sequence[Documented],
    is_harmless: Callable[[Sequence[Documented]], bool],
    stop: threading.Event,
) -> tuple[tuple[Documented, ...], tuple[Documented, ...]]:
    """What may be put in and what not, by halving; what is not proven within `_MOST_PROOFS` may not."""
    kept: list[Documented] = []
    refused: list[Documented] = []
    waiting, num_proofs = [documented], 0
    while waiting:
        part = waiting.pop()
        if num_proofs == _MOST_PROOFS or stop.is_set():
            refused += part
            continue
        num_proofs += 1
        if is_harmless(part):
            kept += part
        elif len(part) > 1:
            half = len(part) // 2
            waiting += [part[half:], part[:half]]
        else:
            refused += part
    return tuple(kept), tuple(refused)

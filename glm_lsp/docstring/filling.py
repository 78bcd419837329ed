"""The sentences of a plan, one after the other: the model's where it is sure, else what the names say."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from glm_lsp.completion.lines import next_line_start
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.author import Author, Gap
from glm_lsp.docstring.dialect import Dialect, Style
from glm_lsp.docstring.edit import TextInsertion, inserted
from glm_lsp.docstring.entity import Entity, EntityKind
from glm_lsp.docstring.harmless import is_harmless
from glm_lsp.docstring.plan import Insertion, Plan
from glm_lsp.docstring.skeleton import Slot, SlotKind
from glm_lsp.docstring.vetting.echo import says_the_same
from glm_lsp.docstring.vetting.sentence import in_person
from glm_lsp.docstring.words.short_form import cut_to_fit, short_form

_NAMELESS = frozenset(["__init__", "__main__", "index", "mod", "lib", "main"])
"""Files that are called so whatever is in them."""
_QUOTES = '"""'
_ROLE = re.compile(r":[a-z][\w:+.-]*:`")
"""`:class:` and the like before a name."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What one slot gets, on one line; `is_models` tells that the model wrote it."""

    text: str
    is_models: bool


async def fill(
    plan: Plan, snapshot: DocumentSnapshot, author: Author, on_sentence: Callable[[], None]
) -> tuple[Sentence, ...]:
    """A sentence for each slot of a plan, all insertions in order.

    Each is written with those before it in sight. Cancelling the awaiting task ends the work.

    Args:
        snapshot: the document that the plan is about.
        on_sentence: told after each one.

    Raises:
        GlmError: the engine cannot be reached or refused the request.
    """
    sentences: list[Sentence] = []
    earlier: list[TextInsertion] = []
    width = plan.dialect.width
    for insertion in plan.insertions:
        own: list[str] = []
        for number, slot in enumerate(insertion.skeleton.slots):
            written = insertion.before(number, own, width)
            # Skeletons drop blanks that stand alone on a line.
            written += insertion.place.indent + slot.hang if written.endswith("\n") else ""
            before = inserted(snapshot.text[: insertion.place.offset], earlier) + written
            gap = _gap(plan, snapshot, slot, before, _after(plan, snapshot.text, insertion))
            said = [each.text for each in sentences]
            form = _Form(plan.dialect, _room(gap, insertion, width))
            sentence = await _sentence(form, gap, author, said)
            own.append(sentence.text)
            sentences.append(sentence)
            on_sentence()
        earlier.append(TextInsertion(insertion.place.offset, insertion.text(own, width)))
    return tuple(sentences)


def _after(plan: Plan, text: str, insertion: Insertion) -> str:
    """The document from the line behind the documentation, the same for every slot of it."""
    documentation = plan.entity.documentation
    if documentation is not None:
        return text[next_line_start(text, documentation.end) :]
    behind = insertion.place.after + text[insertion.place.offset :]
    return behind[next_line_start(behind, 0) :]


def _gap(plan: Plan, snapshot: DocumentSnapshot, slot: Slot, before: str, after: str) -> Gap:
    entity = plan.entity
    return Gap(
        slot=slot,
        before=before,
        after=after,
        code=snapshot.text[entity.start : entity.end],
        entity=entity,
        path=snapshot.path,
        language_id=snapshot.language_id,
    )


def _room(gap: Gap, insertion: Insertion, width: int) -> int | None:
    """Columns for a summary that has to stand on one line, as it has in Python; None for no limit."""
    if gap.language_id != "python" or gap.slot.kind is not SlotKind.SUMMARY:
        return None
    line = gap.before.rpartition("\n")[2].expandtabs(4)
    # What closes a docstring of one line goes below where it does not fit.
    is_alone = len(insertion.skeleton.slots) == 1 and insertion.skeleton.one_line is not None
    return width - len(line) - (len(_QUOTES) if is_alone else 0)


async def _sentence(form: _Form, gap: Gap, author: Author, said: Sequence[str]) -> Sentence:
    slot, dialect = gap.slot, form.dialect
    text = await author.write(gap)
    if text is not None and slot.kind is SlotKind.SUMMARY and not slot.lead.rstrip().endswith(" is"):
        text = in_person(text, is_third=dialect.third_person or bool(slot.lead))
    # An author is code like any other: what must never be in a document is looked for here too.
    if text is None or not is_harmless(text) or not form.allows(text, said):
        short = short_form(slot, _named(gap), dialect, gap.code)
        return Sentence(short if form.room is None else cut_to_fit(short, form.room), is_models=False)
    return Sentence(text, is_models=True)


@dataclass(frozen=True, slots=True)
class _Form:
    """What a sentence has to look like.

    Attributes:
        room: columns that it must fit in; None for no limit.
    """

    dialect: Dialect
    room: int | None

    def allows(self, text: str, said: Sequence[str]) -> bool:
        """Whether a model's sentence fits, has no marks of another style and was not said before."""
        is_foreign = self.dialect.style is not Style.SPHINX and _ROLE.search(text) is not None
        is_new = not any(says_the_same(text, each) for each in said)
        return is_new and not is_foreign and (self.room is None or len(text) <= self.room)


def _named(gap: Gap) -> Entity | None:
    """What is documented; a module without a name of its own is called like its file, or like that one's folder."""
    entity = gap.entity
    if entity is None or entity.kind is not EntityKind.MODULE or entity.name:
        return entity
    path = PurePosixPath(gap.path)
    name = path.parent.name if path.stem in _NAMELESS else path.stem
    return replace(entity, name=name)

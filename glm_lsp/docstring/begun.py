"""The rest of documentation whose opening mark has been typed.

The mark makes a comment or a string of all that follows it, so the document is looked at without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from glm_lsp.completion.documenting import Opening
from glm_lsp.completion.lines import next_line_start
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.docstring.author import Author
from glm_lsp.docstring.edit import line_break_of
from glm_lsp.docstring.entity import Entity, Place
from glm_lsp.docstring.plan import Insertion, Plan
from glm_lsp.docstring.proof import touches_code
from glm_lsp.docstring.proposal import Source, propose
from glm_lsp.docstring.styles.known import styling_of
from glm_lsp.errors import CodeTouchedError

SourceOf = Callable[[DocumentSnapshot], Source]


@dataclass(frozen=True, slots=True)
class Begun:
    """Documentation that somebody has begun, as it is to be written.

    Attributes:
        snapshot: the document with the opening.
        base: the document without the lines of the opening.
        plan: the whole documentation, to be put into `base`.
        lead, tail: what parts the documentation there from the text around; the document has that already.
    """

    snapshot: DocumentSnapshot
    opening: Opening
    base: Source
    plan: Plan
    lead: str
    tail: str


def begun(snapshot: DocumentSnapshot, opening: Opening, source_of: SourceOf) -> Begun | None:
    """What is to be written behind an opening; None where it documents nothing.

    Args:
        source_of: parses a document.

    Raises:
        UnknownGrammarError: there is no grammar for it, or it is too large.
    """
    whole, line = snapshot.text, opening.start - len(opening.indent)
    below = next_line_start(whole, snapshot.offset + len(opening.closing))
    text, line_break = whole[:line] + whole[below:], line_break_of(whole)
    base = source_of(replace(snapshot, text=text, offset=line))
    for entity in base.entities:
        place = entity.place
        if place is None or entity.documentation is not None or not entity.is_sound:
            continue
        lead, tail = (blank.replace("\n", line_break) for blank in (place.before, place.after))
        if place.offset + len(lead) != opening.start:
            continue  # its documentation goes elsewhere
        same = min(line, place.offset)  # so far both texts are the same
        if text[same : place.offset] + lead == whole[same : opening.start]:
            plan = _plan(base, entity, place, opening)
            return None if plan is None else Begun(snapshot, opening, base, plan, lead, tail)
    return None


async def finished(begun: Begun, author: Author) -> str | None:
    """What completes the documentation, to be put in at the cursor; None where it would touch code.

    Raises:
        GlmError: the engine cannot be reached or refused the request.
    """
    try:
        proposal = await propose(begun.base, [begun.plan], author)
    except CodeTouchedError:
        return None
    (insertion,) = proposal.insertions
    rest = _behind(insertion.text.removesuffix(begun.tail), begun)
    return None if rest is None else _without_closing(rest, begun.opening.closing)


def is_safe(begun: Begun, rest: str) -> bool:
    """Whether the document with the whole documentation has the code of the one without any."""
    snapshot = begun.snapshot
    text = snapshot.text[: snapshot.offset] + rest + snapshot.text[snapshot.offset :]
    return not touches_code(snapshot.language_id, begun.base.snapshot.text, text)


def _plan(base: Source, entity: Entity, place: Place, opening: Opening) -> Plan | None:
    """The plan with the mark that was typed; None where the style has no such mark."""
    dialect = replace(base.dialect, opening=opening.mark)
    if opening.below:
        dialect = replace(dialect, summary_below=True)
    skeleton = styling_of(dialect.style, base.snapshot.language_id).skeleton(entity, dialect)
    if opening.below:
        skeleton = replace(skeleton, one_line=None)
    first = skeleton.parts[0] if skeleton.parts else ""
    if not (isinstance(first, str) and first.startswith(opening.mark)):
        return None
    return Plan(entity, dialect, (Insertion(place, skeleton),))


def _behind(text: str, begun: Begun) -> str | None:
    """What of the documentation follows the cursor; None where it begins otherwise than what is there."""
    head = begun.lead + begun.opening.mark + begun.opening.below
    if text.startswith(head):
        return text[len(head) :]
    star = head.rstrip(" ")  # a line without text ends with its star
    return text[len(star) :] if text.startswith((f"{star}\r", f"{star}\n")) else None


def _without_closing(rest: str, closing: str) -> str | None:
    """The rest without the mark that closes it, where that is there already."""
    if not closing:
        return rest
    mark = closing.lstrip()
    if not rest.endswith(mark):
        return None
    return rest.removesuffix(mark).removesuffix(closing.removesuffix(mark))

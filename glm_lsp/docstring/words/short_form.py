"""What can be said honestly without a model: the words of the names, types and defaults, and no more."""

from __future__ import annotations

from collections.abc import Callable

from glm_lsp.docstring.dialect import Dialect, Style
from glm_lsp.docstring.entity import Entity, EntityKind, Parameter
from glm_lsp.docstring.harmless import is_harmless
from glm_lsp.docstring.sentence_form import finished
from glm_lsp.docstring.skeleton import Slot, SlotKind
from glm_lsp.docstring.words import conventional, failure_form, outcome_form, parameter_form, summary_form
from glm_lsp.docstring.words.phrases import indefinite, is_plural
from glm_lsp.docstring.words.summary_form import in_third_person, is_deed

_LEAST_WORDS = 2
_PHRASES = frozenset(["and", "as", "at", "by", "for", "from", "in", "into", "of", "on", "over", "to", "with"])
"""Words that begin a phrase which a sentence can do without."""
_OF_MARKDOWN = frozenset([Style.JSDOC, Style.TSDOC])
"""Styles in which names of code stand in backticks."""


def short_form(slot: Slot, entity: Entity | None, dialect: Dialect, code: str = "") -> str:
    """A sentence for a slot from the names alone; never empty, and fit for any documentation.

    Args:
        slot: of a comment, `slot.name` is the sentence itself.
        entity: what is documented; None for a comment.
        dialect: decides about person, capital and full stop.
        code: the source of what is documented, as far as it is at hand.
    """
    text = _said(slot, entity, dialect, code)
    if slot.kind is SlotKind.SUMMARY and entity is not None:
        text = _in_place(text, slot.lead, entity, is_third=dialect.third_person)
    if not is_harmless(text):
        text = "Not described."
    return _finished(text, slot)


def cut_to_fit(text: str, room: int) -> str:
    """A short form without its last phrases, if it is longer than `room` columns; whole, where that does not help."""
    shorter = text
    while len(shorter) > room:
        words = shorter.rstrip(".").split(" ")
        ends = [number for number in range(_LEAST_WORDS, len(words)) if words[number] in _PHRASES]
        if not ends:
            return text
        shorter = f"{' '.join(words[: ends[-1]]).rstrip(',')}{'.' if text.endswith('.') else ''}"
    return shorter


def _said(slot: Slot, entity: Entity | None, dialect: Dialect, code: str) -> str:
    one = _parameter(slot.name, entity)
    # These give the default beside the name, NumPy's behind the type.
    is_told = dialect.style is Style.JSDOC or (dialect.style is Style.NUMPY and bool(one.type))
    form = {"notes_default": not is_told, "quotes": dialect.style in _OF_MARKDOWN}
    said: dict[SlotKind, Callable[[], str]] = {
        SlotKind.COMMENT: lambda: slot.name,
        SlotKind.PARAMETER: lambda: parameter_form.parameter(one, **form),
        SlotKind.ATTRIBUTE: lambda: parameter_form.parameter(one, **form),
        SlotKind.TYPE_PARAMETER: lambda: parameter_form.type_parameter(slot.name, code),
        SlotKind.RAISES: lambda: failure_form.raises(slot.name, entity),
        SlotKind.PANICS: lambda: failure_form.panics(code),
        SlotKind.SAFETY: lambda: failure_form.safety(entity),
    }
    if entity is not None:
        said |= {
            SlotKind.SUMMARY: lambda: conventional.deleted(entity, code) or summary_form.summary(entity),
            SlotKind.RETURNS: lambda: outcome_form.returns(entity),
            SlotKind.YIELDS: lambda: outcome_form.yields(entity),
        }
    return said[slot.kind]() if slot.kind in said else ""


def _parameter(name: str, entity: Entity | None) -> Parameter:
    known = (*entity.parameters, *entity.attributes) if entity else ()
    bare = name.lstrip("*.")
    return next((one for one in known if one.name in (name, bare)), Parameter(name=bare))


def _in_place(text: str, lead: str, entity: Entity, *, is_third: bool) -> str:
    """A summary as it goes on behind the words that its line begins with already."""
    if is_deed(text, entity):
        return in_third_person(text) if is_third or lead else text
    if not lead:
        return text
    if entity.kind is EntityKind.MODULE and entity.name == "main":
        return "is an executable program."
    if entity.kind is EntityKind.MODULE:
        return f"provides {_small(text)}"
    if (
        entity.kind is EntityKind.CLASS
        and is_plural(text.rstrip(".").rpartition(" ")[2])
        and not lead.endswith("is")
    ):
        return f"holds {_small(text)}"
    predicate = _as_predicate(text)
    return predicate.removeprefix("is ") if lead.endswith((" is", " is ")) else predicate


def _as_predicate(text: str) -> str:
    """A thing as what a sentence goes on with behind its name: "HTTP client." as "is an HTTP client."."""
    bare = _small(text)
    has_article = bare.startswith(("the ", "a ", "an ", "whether "))
    return f"is {bare}" if has_article else f"is {indefinite(bare)} {bare}"


def _small(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def _finished(text: str, slot: Slot) -> str:
    sentences = text.rstrip(".").split(". ")
    if slot.full_stop or len(sentences) == 1:
        return finished(text, slot)
    first, *more = sentences
    return finished("; ".join([first, *(each[:1].lower() + each[1:] for each in more)]), slot)

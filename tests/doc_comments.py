"""Doc comments for tests: new ones with sentences, and completed ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from glm_lsp.docstring.dialect import Dialect, Style
from glm_lsp.docstring.edit import TextInsertion, inserted
from glm_lsp.docstring.entity import Documentation, Entity, EntityKind, Parameter, ParameterKind, Returned
from glm_lsp.docstring.skeleton import Slot
from glm_lsp.docstring.styles.comment_habits import default_dialect
from glm_lsp.docstring.styles.known import styling_of

LANGUAGES = {
    Style.JSDOC: "javascript",
    Style.TSDOC: "typescript",
    Style.GO: "go",
    Style.RUSTDOC: "rust",
    Style.JAVADOC: "java",
    Style.DOXYGEN: "cpp",
}


def entity(kind: EntityKind = EntityKind.FUNCTION, name: str = "send", **fields: Any) -> Entity:
    """One that stands at the beginning of a document."""
    return Entity(kind=kind, name=name, start=0, end=1, header_end=1, **fields)


def parameter(name: str, **fields: Any) -> Parameter:
    """A plain one, but for the fields."""
    return Parameter(name=name, **fields)


def rest(name: str, **fields: Any) -> Parameter:
    """One that takes any number of arguments."""
    return Parameter(name=name, kind=ParameterKind.VARIADIC, **fields)


SEND = entity(
    parameters=(parameter("target", type="Address"), parameter("retries", type="number", default="3")),
    type_parameters=("T",),
    returns=Returned("boolean"),
    raises=("TimeoutError",),
)
"""A function with one of everything."""


def dialect(style: Style, **habits: Any) -> Dialect:
    """The dialect of somebody who shows these habits only."""
    return replace(default_dialect(LANGUAGES.get(style, "cpp"), style), **habits)


def sentence(slot: Slot) -> str:
    """Tells what the slot is about."""
    words = f"{slot.name or slot.kind.name.lower()} said"
    return (words[0].upper() + words[1:] if slot.capital else words) + "." * slot.full_stop


def new(
    style: Style,
    what: Entity,
    indent: str = "",
    language_id: str | None = None,
    width: int = 80,
    **habits: Any,
) -> str:
    """New documentation, with a sentence for each slot."""
    skeleton = styling_of(style, language_id or LANGUAGES[style]).skeleton(what, dialect(style, **habits))
    return skeleton.text([sentence(slot) for slot in skeleton.slots], indent, width)


def completed(style: Style, what: Entity, before: str, **habits: Any) -> str:
    """A document that begins with blanks and documentation, completed; line breaks as in the document."""
    indent = before[: len(before) - len(before.lstrip(" \t"))]
    what = replace(what, documentation=Documentation(len(indent), len(before), before[len(indent) :], indent))
    line_break = "\r\n" if "\r\n" in before else "\n"
    edits = []
    for insertion in styling_of(style, LANGUAGES[style]).missing(what, dialect(style, **habits)):
        text = insertion.text([sentence(slot) for slot in insertion.skeleton.slots], 80)
        edits.append(TextInsertion(insertion.place.offset, text.replace("\n", line_break)))
    return inserted(before, edits)

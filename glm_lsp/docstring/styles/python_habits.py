"""The habits that Python docstrings show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from glm_lsp.docstring.dialect import STYLES, Dialect, Style
from glm_lsp.docstring.styles.python_docstring import PythonDocstring
from glm_lsp.docstring.styles.python_section import Entry, SectionKind
from glm_lsp.docstring.words.verbs import VERBS, plain_form

ENOUGH = 3
"""Docstrings without sections that tell of somebody who writes none."""
_MAX_READ = 200
"""Docstrings that are looked at: the first ones."""
_BARE_SHARE = 0.75
"""Of what has something to list; if more than that has a docstring without sections, that is no oversight."""

_Habit = TypeVar("_Habit", bound=Hashable)


def docstrings_of(texts: Sequence[str]) -> tuple[PythonDocstring, ...]:
    """Those of some sources that are one literal with text in it."""
    read = (PythonDocstring.of(text) for text in texts[:_MAX_READ])
    return tuple(docstring for docstring in read if docstring is not None and docstring.literal.texts)


def style_of(docstrings: Sequence[PythonDocstring]) -> Style | None:
    """That of most docstrings with sections; plain if enough of them have none; None if too few tell."""
    votes = Counter(docstring.style for docstring in docstrings if docstring.style is not None)
    if votes:
        return max(STYLES["python"], key=lambda style: votes[style])
    return Style.PLAIN if len(docstrings) >= ENOUGH else None


def leaves_out(signed: Sequence[str], num_signed: int) -> bool:
    """Whether somebody writes no sections on purpose, so that docstrings without them lack nothing.

    What is written here does not change the answer, or a second run would complete what the first one left alone.

    Args:
        signed: docstrings of what has something to list.
        num_signed: all that has, with a docstring or not.
    """
    read = (PythonDocstring.of(text) for text in signed)
    num_bare = sum(each is not None and each.style is None and bool(each.literal.texts) for each in read)
    return num_bare > _BARE_SHARE * num_signed


def dialect_in(style: Style, own: Sequence[PythonDocstring], others: Sequence[PythonDocstring]) -> Dialect:
    """A style with the habits of a document's own docstrings, and those of others where its own show none."""

    def habit(of: Callable[[Sequence[PythonDocstring]], Iterable[_Habit | None]], default: _Habit) -> _Habit:
        for docstrings in (own, others):
            votes = Counter(vote for vote in of(docstrings) if vote is not None)
            if votes:
                return votes.most_common(1)[0][0]
        return default

    def in_style(docstrings: Sequence[PythonDocstring]) -> tuple[PythonDocstring, ...]:
        return tuple(each for each in docstrings if each.style is style)

    return Dialect(
        style=style,
        opening=habit(lambda found: map(_opening, found), ""),
        summary_below=habit(lambda found: map(_summary_below, found), False),
        is_one_line=habit(lambda found: map(_is_one_line, found), True),
        types=habit(lambda found: map(_gives_types, in_style(found)), style is Style.NUMPY),
        has_sections=style is not Style.PLAIN,
        full_stop=habit(lambda found: map(_full_stop, _described(in_style(found))), True),
        capital=habit(lambda found: map(_capital, _described(in_style(found))), True),
        third_person=habit(lambda found: map(_third_person, found), False),
        parameters_heading=habit(lambda found: _headings(in_style(found), SectionKind.PARAMETERS), ""),
        returns_heading=habit(lambda found: _headings(in_style(found), SectionKind.RETURNS), ""),
    )


def _opening(docstring: PythonDocstring) -> str | None:
    literal = docstring.literal
    if not literal.takes_lines:
        return None
    return "r" + literal.quotes if literal.is_raw else literal.quotes


def _summary_below(docstring: PythonDocstring) -> bool | None:
    lines = docstring.literal.lines
    return lines[0].text in ("", "\\") if len(docstring.literal.texts) > 1 else None


def _is_one_line(docstring: PythonDocstring) -> bool | None:
    literal = docstring.literal
    return len(literal.lines) == 1 if len(literal.texts) == 1 and literal.takes_lines else None


def _gives_types(docstring: PythonDocstring) -> bool | None:
    """By the parameters; by what comes back where there are none."""
    for kinds in ((SectionKind.PARAMETERS, SectionKind.ATTRIBUTES), (SectionKind.RETURNS,)):
        sections = [section for section in docstring.of_kind(*kinds) if section.is_readable]
        typed = [entry.has_type for section in sections for entry in section.entries]
        if typed:
            return sum(typed) * 2 > len(typed)
    return None


def _described(docstrings: Sequence[PythonDocstring]) -> list[Entry]:
    return [
        entry
        for docstring in docstrings
        for section in docstring.of_kind(SectionKind.PARAMETERS, SectionKind.ATTRIBUTES)
        for entry in section.entries
        if entry.text
    ]


def _full_stop(entry: Entry) -> bool:
    return entry.text.endswith(".")


def _capital(entry: Entry) -> bool | None:
    """By the first word; one that is not written small or with one capital is a name."""
    word = entry.text.split()[0]
    return word[0].isupper() if word.isalpha() and (word[1:].islower() or len(word) == 1) else None


def _third_person(docstring: PythonDocstring) -> bool | None:
    word = docstring.summary.partition(" ")[0].lower()
    if plain_form(word) is not None and word not in VERBS:
        return True
    return False if word in VERBS else None


def _headings(docstrings: Sequence[PythonDocstring], kind: SectionKind) -> list[str]:
    return [section.heading for docstring in docstrings for section in docstring.of_kind(kind)]

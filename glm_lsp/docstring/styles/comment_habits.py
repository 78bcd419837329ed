"""The habits that doc comments show, and those of each language where they show none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from glm_lsp.docstring.dialect import STYLES, Dialect, Style
from glm_lsp.docstring.skeleton import SlotKind
from glm_lsp.docstring.styles.comment_block import DocComment
from glm_lsp.docstring.styles.rustdoc import headings_of, items_of
from glm_lsp.docstring.styles.tag_completion import ranked
from glm_lsp.docstring.styles.tags import Tag, tags_of
from glm_lsp.docstring.words.verbs import VERBS, plain_form

_ENOUGH = 3
"""Comments without tags that tell of somebody who writes none."""
_MAX_READ = 200
"""Comments that are looked at: the first ones."""
_LISTED_SHARE = 4
"""One comment with tags in so many tells of somebody who writes them where they say something."""
_OF_TSDOC = frozenset(
    ["typeparam", "remarks", "packagedocumentation", "defaultvalue", "privateremarks", "eventproperty"]
)

_TAGGED = Dialect(style=Style.JSDOC, summary_below=True, has_sections=True, third_person=True)
_DEFAULTS = {
    Style.JSDOC: replace(_TAGGED, dash=True),
    Style.TSDOC: replace(_TAGGED, dash=True),
    # Of descriptions its makers say: phrases in lower case, without a full stop.
    Style.JAVADOC: replace(_TAGGED, capital=False, full_stop=False),
    Style.DOXYGEN: _TAGGED,
    Style.GO: Dialect(style=Style.GO, third_person=True),
    Style.RUSTDOC: Dialect(style=Style.RUSTDOC, third_person=True),
    Style.PLAIN: replace(_TAGGED, has_sections=False),
}

TAGGED = frozenset([Style.JSDOC, Style.TSDOC, Style.JAVADOC, Style.DOXYGEN])
"""Styles that list things in tags."""

_Habit = TypeVar("_Habit", bound=Hashable)


def default_dialect(language_id: str, style: Style | None = None) -> Dialect:
    """The dialect of somebody who shows no habits.

    Args:
        language_id: LSP identifier of a language with doc comments.
        style: one of that language; without it the language's first.
    """
    style = style or STYLES[language_id][0]
    return replace(_DEFAULTS[style], style=style)


def habits(
    language_id: str,
    texts: Sequence[str],
    forced: Style | None = None,
    signed: Sequence[str] | None = None,
) -> Dialect | None:
    """The dialect that comments show; None where they do not tell the style, or show another than the forced one.

    Args:
        language_id: LSP identifier of a language with doc comments.
        texts: of the comments, with their marks.
        forced: the style to take whatever they show.
        signed: those of them that document something with a signature; None for all. One without tags tells nothing
            where there is nothing to list.
    """
    comments = _read(texts)
    with_signature = comments if signed is None else _read(signed)
    style = _style_of(language_id, comments, len(with_signature))
    if style is None or forced not in (style, None):
        return None
    default = default_dialect(language_id, style)
    if style is Style.GO:
        return default
    if style is Style.RUSTDOC:
        return _of_rust(default, comments)
    return replace(_of_tags(_formed(default, comments), comments), has_sections=_lists(style, with_signature))


def in_the_form_of(dialect: Dialect, texts: Sequence[str]) -> Dialect:
    """The dialect with the form of comments that do not tell its style: their marks, where the summary stands."""
    if dialect.style in (Style.GO, Style.RUSTDOC):
        return dialect
    return _formed(dialect, _read(texts))


@dataclass(frozen=True, slots=True)
class _Comment:
    """A comment with its tags; `prose` are the lines in front of them."""

    comment: DocComment
    tags: tuple[Tag, ...]

    @property
    def prose(self) -> list[str]:
        end = self.tags[0].first if self.tags else len(self.comment.lines)
        return [line.content.strip() for line in self.comment.lines[:end] if line.content]

    @property
    def summary(self) -> str:
        briefs = (tag.description for tag in self.tags if tag.word == "brief")
        return next(briefs, "") or next(iter(self.prose), "")

    def of(self, *kinds: SlotKind) -> list[Tag]:
        """Its tags of some kinds."""
        return [tag for tag in self.tags if tag.kind in kinds]


def _read(texts: Sequence[str]) -> list[_Comment]:
    comments = (DocComment.parse(text) for text in texts[:_MAX_READ])
    return [
        _Comment(comment, tags_of(comment, bare_exceptions=True))
        for comment in comments
        if comment is not None and any(line.content for line in comment.lines)
    ]


def _style_of(language_id: str, comments: Sequence[_Comment], num_signed: int) -> Style | None:
    styles = STYLES[language_id]
    tagged = [each for each in comments if ranked(each.tags)]
    if len(styles) == 1 or tagged:
        if not comments:
            return None
        votes = Counter(style for each in tagged if (style := _vote(language_id, each)) in styles)
        return max(styles, key=lambda style: votes[style])
    return Style.PLAIN if num_signed >= _ENOUGH else None


def _lists(style: Style, comments: Sequence[_Comment]) -> bool:
    """Whether somebody who writes these comments lists parameters and the like."""
    num_tagged = sum(bool(ranked(each.tags)) for each in comments)
    return style is not Style.PLAIN and (
        len(comments) < _ENOUGH or num_tagged * _LISTED_SHARE >= len(comments)
    )


def _vote(language_id: str, comment: _Comment) -> Style | None:
    """JSDoc or TSDoc; None for a comment that could be either."""
    if any(tag.is_typed for tag in comment.of(SlotKind.PARAMETER, SlotKind.RETURNS, SlotKind.RAISES)):
        return Style.JSDOC
    words = {tag.word for tag in comment.tags}
    if words & _OF_TSDOC:
        return Style.TSDOC
    parameters = comment.of(SlotKind.PARAMETER)
    if "template" in words or not parameters:
        return Style.JSDOC if "template" in words else None
    # Without types JSDoc and TSDoc part at the dash; JavaScript's own is JSDoc with either.
    is_typescript = language_id.startswith("typescript")
    return Style.TSDOC if is_typescript and any(tag.has_dash for tag in parameters) else Style.JSDOC


def _most(votes: Iterable[_Habit | None], default: _Habit) -> _Habit:
    counted = Counter(vote for vote in votes if vote is not None)
    return counted.most_common(1)[0][0] if counted else default


def _each(comments: Sequence[_Comment], vote: Callable[[_Comment], _Habit | None]) -> Iterable[_Habit | None]:
    return (vote(each) for each in comments)


def _of_tags(default: Dialect, comments: Sequence[_Comment]) -> Dialect:
    parameters = [tag for each in comments for tag in each.of(SlotKind.PARAMETER) if not tag.is_kernel]
    described = [tag.description for tag in parameters if tag.description]
    return replace(
        default,
        types=default.style is Style.JSDOC and _most((tag.is_typed for tag in parameters), default.types),
        command=_most((tag.command for each in comments for tag in each.tags), default.command),
        dash=_most((tag.has_dash for tag in parameters if tag.description), default.dash),
        full_stop=_most(map(_full_stop, described), default.full_stop),
        capital=_most(map(_capital, described), default.capital),
    )


def _formed(dialect: Dialect, comments: Sequence[_Comment]) -> Dialect:
    """With the habits that any comments show."""
    return replace(
        dialect,
        opening=_most((each.comment.opening for each in comments), dialect.opening),
        summary_below=_most(_each(comments, _summary_below), dialect.summary_below),
        is_one_line=_most(_each(comments, _is_one_line), dialect.is_one_line),
        has_brief=_most(_each(comments, _has_brief), dialect.has_brief),
        third_person=_most(_each(comments, _third_person), dialect.third_person),
    )


def _of_rust(default: Dialect, comments: Sequence[_Comment]) -> Dialect:
    headings = [heading for each in comments for heading in headings_of(each.comment, SlotKind.PARAMETER)]
    num_sectioned = sum(bool(headings_of(each.comment)) for each in comments)
    described = [text for each in comments for text in items_of(each.comment) if text]
    return replace(
        default,
        has_sections=bool(headings) and len(headings) * _LISTED_SHARE >= num_sectioned,
        parameters_heading=_most(headings, ""),
        full_stop=_most(map(_full_stop, described), default.full_stop),
        capital=_most(map(_capital, described), default.capital),
        third_person=_most(_each(comments, _third_person), default.third_person),
    )


def _summary_below(comment: _Comment) -> bool | None:
    if not comment.comment.is_block or comment.comment.is_one_line or len(comment.comment.lines) == 1:
        return None
    return comment.comment.lines[0].start > 0


def _is_one_line(comment: _Comment) -> bool | None:
    lines = [line for line in comment.comment.lines if line.content]
    return comment.comment.is_one_line if comment.comment.is_block and len(lines) == 1 else None


def _has_brief(comment: _Comment) -> bool | None:
    if any(tag.word in ("brief", "short") for tag in comment.tags):
        return True
    return False if comment.prose else None


def _full_stop(description: str) -> bool:
    return description.endswith(".")


def _capital(description: str) -> bool | None:
    """By the first word; one that is not written small or with one capital is a name."""
    word = description.split(maxsplit=1)[0]
    return word[0].isupper() if word.isalpha() and (word[1:].islower() or len(word) == 1) else None


def _third_person(comment: _Comment) -> bool | None:
    word = comment.summary.partition(" ")[0].lower()
    if word in VERBS:
        return False
    return True if plain_form(word) is not None else None

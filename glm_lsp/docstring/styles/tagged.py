"""Styles that list parameters in tags; each says how its tags begin, and the rest is the same for all."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace

from glm_lsp.docstring.dialect import Dialect
from glm_lsp.docstring.entity import Entity
from glm_lsp.docstring.plan import Insertion
from glm_lsp.docstring.skeleton import Part, Skeleton, Slot, SlotKind
from glm_lsp.docstring.styles.comment_block import DocComment, Frame, Line, first_paragraph, layout
from glm_lsp.docstring.styles.styling import Documented
from glm_lsp.docstring.styles.subjects import Subject, subjects
from glm_lsp.docstring.styles.tag_completion import absent, completed, ranked
from glm_lsp.docstring.styles.tags import Tag, inline_words, is_doubtful, tags_of

_INHERITED = frozenset(["inheritdoc", "ignore", "override", "copydoc", "copybrief", "copydetails"])
_ELSEWHERE = frozenset(["type", "typedef", "callback", "overload", "enum", "satisfies", "lends"])
"""Tags that give a signature of their own."""
_COMPLETE = _INHERITED | _ELSEWHERE
_MOST_PAIRS = 250_000
"""Of things to be listed and names in tags that are compared: what people write has hundreds."""
_XML = re.compile(r"<(?:summary|returns|remarks|inheritdoc)\s*/?>|<(?:param|typeparam|exception)\s+\w+\s*=")
_SUMMARIES = frozenset(
    ["brief", "short", "summary", "description", "desc", "file", "fileoverview", "overview"]
)


class TaggedStyling(ABC):
    """What JSDoc, TSDoc, Javadoc and Doxygen have in common.

    Attributes:
        openings: marks that a comment may have; the first where a dialect says nothing.
        hanging: blanks that further lines of a tag are indented by.
        with_parts: parts of patterns may have tags of their own. New documentation has none: a checker that reads
            JSDoc would refuse them without a type for the whole, and take one for all there is to know.
        bare_exceptions, by_paragraph: as in `tags_of`.
    """

    openings: tuple[str, ...] = ("/**",)
    hanging: int = 2
    with_parts: bool = False
    bare_exceptions: bool = True
    by_paragraph: bool = False

    @abstractmethod
    def head(self, subject: Subject, dialect: Dialect) -> str:
        """A tag up to its description, with the blank in front of that."""

    def lead(self, entity: Entity, dialect: Dialect) -> str:
        """What stands in front of the summary."""
        return ""

    def tail(self, entity: Entity) -> tuple[Line, ...]:
        """Lines behind everything else."""
        return ()

    def skeleton(self, entity: Entity, dialect: Dialect) -> Skeleton:
        """See `Styling`."""
        frame = Frame.of(dialect.opening if dialect.opening in self.openings else self.openings[0])
        summary = Slot(kind=SlotKind.SUMMARY, hang=frame.mark)
        lines: list[Line] = [(self.lead(entity, dialect), summary)]
        listed = subjects(entity) if dialect.has_sections else ()
        tags = [self._line(subject, dialect, frame.mark) for subject in listed]
        for group in (tags, self.tail(entity)):
            lines += [(), *group] if group else []
        return layout(frame, lines, summary_below=dialect.summary_below, is_one_line=dialect.is_one_line)

    def _line(self, subject: Subject, dialect: Dialect, mark: str) -> tuple[Part, ...]:
        slot = Slot(
            kind=subject.kind,
            name=subject.name,
            hang=mark + " " * self.hanging,
            capital=dialect.capital,
            full_stop=dialect.full_stop,
        )
        return self.head(subject, dialect), slot

    def _parse(self, text: str) -> tuple[DocComment, tuple[Tag, ...]] | None:
        comment = DocComment.parse(text)
        if comment is None or not any(line.content for line in comment.lines):
            return None
        tags = tags_of(comment, bare_exceptions=self.bare_exceptions, by_paragraph=self.by_paragraph)
        return comment, tags

    def missing(self, entity: Entity, dialect: Dialect) -> tuple[Insertion, ...]:
        """See `Styling`. A comment that points elsewhere for its text is complete, and so is one without any prose."""
        parsed = self._parse(entity.documentation.text) if entity.documentation else None
        if parsed is None or entity.documentation is None:
            return ()
        comment, tags = parsed
        if comment.opening not in self.openings:
            # In Java lines of `///` are Markdown, and for people to complete.
            return ()
        words = {tag.word for tag in tags} | inline_words(comment)
        own = ranked(tags)
        if words & _COMPLETE or is_doubtful(comment) or any(tag.is_kernel for tag in tags):
            return ()
        if not own and (not dialect.has_sections or not _prose(comment, tags)):
            return ()
        listed = subjects(entity, with_parts=self.with_parts)
        if len(listed) * sum(1 + len(tag.names) for tag in tags) > _MOST_PAIRS or _is_xml(comment):
            return ()
        wanted = [
            (subject, tag)
            for subject, tag in absent(listed, tags)
            if not (subject.kind is SlotKind.RETURNS and "return" in words)
        ]
        here = _as_there(dialect, own)
        return completed(
            entity.documentation,
            comment,
            tags,
            wanted,
            lambda subject, mark: self._line(subject, here, mark),
            summary_below=dialect.summary_below,
        )

    def read(self, text: str) -> Documented:
        """See `Styling`."""
        parsed = self._parse(text)
        if parsed is None:
            return Documented()
        comment, tags = parsed
        kinds = {tag.kind for tag in tags}
        return Documented(
            summary=_prose(comment, tags),
            parameters=_names(tags, SlotKind.PARAMETER),
            type_parameters=_names(tags, SlotKind.TYPE_PARAMETER),
            raises=_names(tags, SlotKind.RAISES),
            has_returns=SlotKind.RETURNS in kinds or "return" in inline_words(comment),
            has_yields=SlotKind.YIELDS in kinds,
        )


def _is_xml(comment: DocComment) -> bool:
    """Whether it has elements where others have tags, as C#'s and Microsoft's do."""
    return any(_XML.search(line.content) for line in comment.lines if not line.is_code)


def _prose(comment: DocComment, tags: Sequence[Tag]) -> str:
    """The first paragraph in front of all tags, or of a tag that is made for it; empty without one."""
    end = tags[0].first if tags else len(comment.lines)
    return first_paragraph(comment.lines[:end]) or next(
        (tag.description for tag in tags if tag.word in _SUMMARIES), ""
    )


def _names(tags: Iterable[Tag], kind: SlotKind) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for tag in tags if tag.kind is kind for name in tag.names))


def _as_there(dialect: Dialect, tags: Sequence[Tag]) -> Dialect:
    """The dialect with the habits of the comment itself where its tags show them."""
    if tags:
        dialect = replace(dialect, command=tags[0].command)
    if own := [tag for tag in tags if tag.kind is SlotKind.PARAMETER]:
        types, dash = any(tag.is_typed for tag in own), any(tag.has_dash for tag in own)
        dialect = replace(dialect, types=types, dash=dash)
    return dialect

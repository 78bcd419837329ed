"""Where tags that are missing go in a comment that is there: next to those they belong with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from glm_lsp.docstring.entity import Documentation
from glm_lsp.docstring.plan import Insertion
from glm_lsp.docstring.skeleton import Part, SlotKind
from glm_lsp.docstring.styles.comment_block import DocComment, Line
from glm_lsp.docstring.styles.comment_edge import Edge
from glm_lsp.docstring.styles.subjects import Subject
from glm_lsp.docstring.styles.tags import Tag

_RANKS = {
    SlotKind.TYPE_PARAMETER: 0,
    SlotKind.PARAMETER: 1,
    SlotKind.YIELDS: 2,
    SlotKind.RETURNS: 2,
    SlotKind.RAISES: 3,
}
_LATE = frozenset(
    """
    alpha author beta bug category copyright date default defaultvalue deprecated example examples experimental group
    hidden internal license link package private protected public readonly sa see since todo tutorial version
    """.split()  # noqa: SIM905
)
"""Tags that conventionally stand behind those of the signature."""

TagText = Callable[[Subject, str], tuple[Part, ...]]
"""A tag with its slot, given what it is about and the mark that each line begins with."""


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A line that new tags go behind, or in front of."""

    line: int
    is_before: bool = False
    has_blank: bool = False


def ranked(tags: Sequence[Tag]) -> list[Tag]:
    """Those about something in a signature."""
    return [tag for tag in tags if tag.kind in _RANKS]


def absent(wanted: Sequence[Subject], tags: Sequence[Tag]) -> list[tuple[Subject, Tag | None]]:
    """What is wanted, in order, each with its tag; parts are called as the tag of the whole calls it.

    A pattern has no name, so a tag of a name that is not in the signature may be its.
    """
    own = [tag for tag in tags if tag.kind is SlotKind.PARAMETER]
    names = {each.name for each in wanted if each.kind is SlotKind.PARAMETER and not each.is_part}
    strangers = [tag for tag in own if not tag.is_nested and not names.intersection(tag.names)]
    outcome: list[tuple[Subject, Tag | None]] = []
    whole: Tag | None = None
    for subject in wanted:
        if subject.is_part:
            # Nobody who describes a pattern as a whole wants its parts described.
            outcome += [_part(subject, whole, own)] if whole else []
            continue
        found = next((tag for tag in tags if _is_about(tag, subject)), None)
        if found is None and subject.parameter and subject.parameter.parts and strangers:
            found = strangers.pop(0)
        whole = found
        outcome.append((subject, found))
    return outcome


def _part(subject: Subject, whole: Tag, tags: Sequence[Tag]) -> tuple[Subject, Tag | None]:
    nested = [tag for tag in tags if tag.is_nested and tag.path.startswith(whole.path + ".")]
    subject = replace(subject, path=f"{whole.path}.{subject.name}")
    return subject, next((tag for tag in nested if tag.path == subject.path), None if nested else whole)


def _is_about(tag: Tag, subject: Subject) -> bool:
    match subject.kind:
        case SlotKind.RETURNS | SlotKind.YIELDS:
            return tag.kind in (SlotKind.RETURNS, SlotKind.YIELDS)
        case SlotKind.RAISES:
            # One that names no exception may speak of any.
            return tag.kind is SlotKind.RAISES and (
                not tag.names or _last(subject.name) in map(_last, tag.names)
            )
        case _:
            return (
                tag.kind is subject.kind and not tag.is_nested and subject.name in (*tag.names, *tag.perhaps)
            )


def _last(name: str) -> str:
    return name.replace("::", ".").rpartition(".")[2]


def completed(
    documentation: Documentation,
    comment: DocComment,
    tags: Sequence[Tag],
    wanted: Sequence[tuple[Subject, Tag | None]],
    text: TagText,
    *,
    summary_below: bool,
) -> tuple[Insertion, ...]:
    """Insertions for all that has no tag.

    Args:
        wanted: as `absent` tells.
        summary_below: a block of one line that grows has its text moved below the opening mark.
    """
    edge = Edge(documentation, comment)
    groups: dict[_Anchor, list[Line]] = {}
    for number, (subject, tag) in enumerate(wanted):
        if tag is None:
            anchor = _anchor(number, wanted, tags, comment)
            group = groups.setdefault(anchor, [()] if anchor.has_blank else [])
            group.append(text(subject, edge.mark(anchor.line)))
    insertions = [
        edge.before(anchor.line, group) if anchor.is_before else edge.behind(anchor.line, group)
        for anchor, group in groups.items()
    ]
    if insertions and comment.is_one_line:
        is_closed = any(not anchor.is_before for anchor in groups)
        # First, as a tag may go to the same place.
        insertions = [*edge.opened(summary_below, is_closed=is_closed), *insertions]
    return tuple(sorted(insertions, key=lambda each: each.place.offset))


def _anchor(
    number: int, wanted: Sequence[tuple[Subject, Tag | None]], tags: Sequence[Tag], comment: DocComment
) -> _Anchor:
    own = wanted[number][0]
    kind = own.kind
    for subject, tag in reversed(wanted[:number]):
        if subject.kind is kind and tag is not None:
            is_sibling = own.is_part and tag.path.partition(".")[0] == own.path.partition(".")[0]
            return _Anchor(tag.last if is_sibling else _end_of_group(tag, tags))
    for subject, tag in wanted[number + 1 :]:
        if subject.kind is kind and tag is not None:
            return _Anchor(tag.first, is_before=True)
    return _anchor_among_others(_RANKS[kind], tags, comment)


def _anchor_among_others(rank: int, tags: Sequence[Tag], comment: DocComment) -> _Anchor:
    """Behind the tags of a lower rank, before those of a higher one, before late ones, behind everything."""
    ranks = [(_RANKS[tag.kind], tag) for tag in tags if tag.kind in _RANKS]
    if lower := [tag.last for its, tag in ranks if its <= rank]:
        return _Anchor(max(lower))
    if ahead := [tag.first for its, tag in ranks if its > rank] or [
        tag.first for tag in tags if tag.word in _LATE
    ]:
        return _Anchor(min(ahead), is_before=True)
    last = max(number for number, line in enumerate(comment.lines) if line.content)
    if tags:
        return _Anchor(last)
    # Blank lines at the end are used before there are more of them.
    return (
        _Anchor(last, has_blank=True) if last == len(comment.lines) - 1 else _Anchor(len(comment.lines) - 1)
    )


def _end_of_group(tag: Tag, tags: Sequence[Tag]) -> int:
    """The last line of a parameter with its parts."""
    nested = (each.last for each in tags if each.is_nested and each.path.startswith(tag.path + "."))
    return max([tag.last, *nested]) if tag.kind is SlotKind.PARAMETER else tag.last

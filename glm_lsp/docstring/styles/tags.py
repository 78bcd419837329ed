"""Tags of doc comments: `@param`, `@returns` and their kin, as JSDoc, TSDoc, Javadoc and Doxygen write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from glm_lsp.docstring.skeleton import SlotKind
from glm_lsp.docstring.styles.comment_block import CommentLine, DocComment

_KINDS = {
    **dict.fromkeys(["param", "arg", "argument"], SlotKind.PARAMETER),
    **dict.fromkeys(["tparam", "typeparam", "template"], SlotKind.TYPE_PARAMETER),
    **dict.fromkeys(["return", "returns", "result", "retval"], SlotKind.RETURNS),
    **dict.fromkeys(["yield", "yields"], SlotKind.YIELDS),
    **dict.fromkeys(["throws", "throw", "exception"], SlotKind.RAISES),
}
_TAG = re.compile(r"[ \t]*(?P<command>[@\\])(?P<word>[A-Za-z_]\w*)(?P<colon>:?)(?=[\s{<\[]|\Z)")
_HIDDEN = re.compile(rf"\s[@\\](?:{'|'.join(_KINDS)})\b", re.IGNORECASE)
_QUOTED = re.compile(r"`[^`]*`|\{@[^{}]*\}")
_INLINE = re.compile(r"\{@(\w+)")
_DIRECTION = re.compile(r"\s*\[\s*(?:in|out|inout)(?:\s*,\s*(?:in|out))?\s*\]")
_NAME = r"(?:\.{3})?[*&`]*([\w$]+)((?:\[\])?(?:\.[\w$]+(?:\[\])?)*)"
_NAMES = re.compile(rf"\s*{_NAME}((?:,{_NAME})*)")
_MORE_NAMES = re.compile(r"(?:\s*,\s*[*&`]*[A-Za-z_$][\w$]*`?)+")
"""Behind commas with blanks: names, or words of the description."""
_UNNAMED = re.compile(r"\s*\.\.\.(?=\s|\Z)")
_TYPE_NAMES = re.compile(r"\s*\[?([\w$]+)(?:\s*=[^\]]*\])?\]?((?:\s*,\s*[\w$]+)*)")
_IN_ANGLES = re.compile(r"\s*<\s*([\w$]+)\s*>")
_LINKED = re.compile(r"\s*\{@link(?:code|plain)?\s+#?([^\s|}]+)[^}]*\}")
_EXCEPTION = re.compile(r"\s*([\w$][\w$.:]*)")
_NAMED_LIKE_ONE = re.compile(r"\s*([\w$.]*(?:Error|Exception))\b")
_DASH = re.compile(r"[-\u2013\u2014:]+(?=\s)\s*")
_LISTING = re.compile(
    r"(?<!\{)[@\\](?:(?P<end>end(?:code|verbatim|dot|msc|uml))|code|verbatim|dot|msc|startuml)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One tag with what it says.

    Attributes:
        command: its mark: `@` or a backslash.
        word: in lower case.
        kind: what it is about; None where that is nothing in a signature.
        names: of parameters and exceptions; several where one tag stands for several.
        perhaps: words that may be names of more parameters: `a, b both of them`.
        path: of a parameter, with the parts of an object: `options.depth`.
        is_typed, has_dash: a type in braces is given; a dash comes before the description.
        description: on one line.
        first, last: numbers of its lines; the last has content.
        is_kernel: `@name:`, as the kernel's comments list parameters.
    """

    command: str
    word: str
    kind: SlotKind | None
    names: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()
    path: str = ""
    is_typed: bool = False
    has_dash: bool = False
    description: str = ""
    first: int
    last: int
    is_kernel: bool = False

    @property
    def is_nested(self) -> bool:
        """Whether it describes a part of a parameter."""
        return "." in self.path


def tags_of(comment: DocComment, *, bare_exceptions: bool, by_paragraph: bool = False) -> tuple[Tag, ...]:
    """The tags of a comment, in order.

    Args:
        bare_exceptions: the first word behind `@throws` is always an exception; else only in braces, or where it is
            called like one.
        by_paragraph: a blank line ends what belongs to a tag.
    """
    starts, unfinished = _starts(comment)
    tags = []
    ends = [*(number for number, _ in starts), len(comment.lines)][1:]
    for (number, match), end in zip(starts, ends, strict=True):
        last = _last_line(comment, number, end, unfinished if by_paragraph else None)
        tags.append(_told(_tag(match, comment.lines, number, last), match, bare_exceptions))
    return tuple(tags)


def is_doubtful(comment: DocComment) -> bool:
    """Whether nobody can be sure of its tags: a listing or a brace is never closed, a tag stands amid a line."""
    return (
        comment.is_open
        or len(comment.lines) - 1 in _starts(comment)[1]
        or any(
            not line.is_code and _HIDDEN.search(_QUOTED.sub("", line.content.lstrip()))
            for line in comment.lines
        )
    )


def inline_words(comment: DocComment) -> frozenset[str]:
    """Words of the tags in braces, in lower case: `{@inheritDoc}`."""
    return frozenset(
        word.lower() for line in comment.lines if not line.is_code for word in _INLINE.findall(line.content)
    )


def _starts(comment: DocComment) -> tuple[list[tuple[int, re.Match[str]]], set[int]]:
    """Lines that begin with a tag, but in listings and in braces of inline tags; lines at whose end those are open."""
    starts, unfinished, is_listing, depth = [], set(), False, 0
    for number, line in enumerate(comment.lines):
        content = "" if line.is_code else line.content
        match = _TAG.match(content) if depth == 0 and not is_listing else None
        if marks := list(_LISTING.finditer(content)):
            is_listing = not marks[-1]["end"]
        elif match:
            starts.append((number, match))
        depth = _depth(content, depth)
        if is_listing or depth:
            unfinished.add(number)
    return starts, unfinished


def _depth(content: str, depth: int) -> int:
    """Braces open behind a line, counted from the first of an inline tag."""
    for match in re.finditer(r"\{@|[{}]", content):
        if match[0] == "}":
            depth = max(depth - 1, 0)
        elif depth or match[0] == "{@":
            depth += 1
    return depth


def _last_line(comment: DocComment, first: int, end: int, unfinished: set[int] | None) -> int:
    """The last line with content that belongs to a tag; given the unfinished lines, a blank one ends it elsewhere."""
    last = first
    for number in range(first + 1, end):
        if comment.lines[number].content:
            last = number
        elif unfinished is not None and number not in unfinished and not comment.lines[number].is_code:
            break
    return last


def _tag(match: re.Match[str], lines: Sequence[CommentLine], first: int, last: int) -> Tag:
    """A tag with its text as its description."""
    contents = [lines[first].content[match.end() :], *(line.content for line in lines[first + 1 : last + 1])]
    word = match["word"].lower()
    return Tag(
        command=match["command"],
        word=word,
        kind=_KINDS.get(word),
        description=" ".join(" ".join(contents).split()),
        first=first,
        last=last,
    )


def _described(tag: Tag, text: str) -> Tag:
    """The tag with a description: the text, but for a dash in front of it."""
    text = text.lstrip()
    dash = _DASH.match(text)
    if dash is None:
        return replace(tag, description=text)
    return replace(tag, description=text[dash.end() :], has_dash=text[0] != ":")


def _told(tag: Tag, start: re.Match[str], bare_exceptions: bool) -> Tag:
    """The tag with what its text says: type, names, description."""
    text = tag.description
    match tag.kind:
        case SlotKind.RAISES:
            return _of_exception(tag, text, bare_exceptions)
        case SlotKind.RETURNS | SlotKind.YIELDS:
            inside, rest = _braced(text)
            return _described(replace(tag, is_typed=inside is not None), rest)
        case SlotKind.TYPE_PARAMETER:
            return _of_type_parameter(tag, _braced(text)[1])
        case SlotKind.PARAMETER:
            direction = _DIRECTION.match(text)
            return _of_parameter(tag, text[direction.end() :] if direction else text)
    if not start["colon"]:
        return tag
    return replace(tag, kind=SlotKind.PARAMETER, names=(start["word"],), path=start["word"], is_kernel=True)


def _of_type_parameter(tag: Tag, text: str) -> Tag:
    match = _TYPE_NAMES.match(text)
    if match is None:
        return replace(tag, kind=None)
    names = (match[1], *(name.strip() for name in match[2].split(",")[1:]))
    return _described(replace(tag, names=names), text[match.end() :])


def _of_parameter(tag: Tag, text: str) -> Tag:
    angles = _IN_ANGLES.match(text)
    if angles:
        return _described(
            replace(tag, kind=SlotKind.TYPE_PARAMETER, names=(angles[1],)), text[angles.end() :]
        )
    inside, text = _braced(text)
    text = text.lstrip()
    optional = text.startswith("[")
    match = _NAMES.match(text, int(optional))
    if match is None:
        # C's other arguments have no name.
        unnamed = _UNNAMED.match(text)
        return _described(tag, text[unnamed.end() :]) if unnamed else replace(tag, kind=None)
    end = match.end()
    if optional:
        end = _closing(text, "[", "]") or end
    names = [match[1], *(re.sub(r"[^\w$].*|^\.*[*&`]*", "", each) for each in match[3].split(",")[1:])]
    path = match[1] + match[2].replace("[]", "")
    rest = text[end:].removeprefix("`").removeprefix("...")
    more = _MORE_NAMES.match(rest)
    perhaps = tuple(name.strip(" \t*&`") for name in more[0].split(",")[1:]) if more else ()
    tag = replace(tag, names=tuple(filter(None, names)), perhaps=perhaps, path=path)
    return _described(replace(tag, is_typed=inside is not None), rest)


def _of_exception(tag: Tag, text: str, bare: bool) -> Tag:
    linked = _LINKED.match(text)
    if linked:
        return _described(replace(tag, names=(linked[1].replace("#", "."),)), text[linked.end() :])
    inside, rest = _braced(text)
    if inside is not None:
        names = tuple(name.strip(" ()!?") for name in inside.split("|"))
        return _described(replace(tag, names=tuple(filter(None, names)), is_typed=True), rest)
    match = (_EXCEPTION if bare else _NAMED_LIKE_ONE).match(text)
    if match is None:
        return _described(tag, text)
    return _described(replace(tag, names=(match[1].rstrip(".:"),)), text[match.end() :])


def _braced(text: str) -> tuple[str | None, str]:
    """What stands in braces at the beginning, and the rest; None without them, or if they are never closed."""
    text = text.lstrip()
    end = _closing(text, "{", "}")
    return (None, text) if end is None else (text[1 : end - 1], text[end:])


def _closing(text: str, opening: str, closing: str) -> int | None:
    """Behind the bracket that closes the one at the beginning; None where there is none."""
    if not text.startswith(opening):
        return None
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == opening) - (sign == closing)
        if depth == 0:
            return at + 1
    return None

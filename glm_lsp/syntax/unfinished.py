"""Comments and strings by their marks alone, for text that the grammar cannot make sense of.

An opening quote that nothing closes makes an error of everything behind it, and the tree then takes words of a
comment for names. Reading on from a sound place with nothing but the marks in mind tells what a cursor is in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from glm_lsp.syntax.scope import Scope


@dataclass(frozen=True, slots=True)
class _Mark:
    """What opens a comment or string, and the text up to its end.

    `code` opens code within a string, and `literal` is the text before it, with all such code that is closed.
    """

    opening: str
    rest: str
    scope: Scope = Scope.STRING
    code: str = ""
    literal: str = ""


def _line_comment(opening: str) -> _Mark:
    return _Mark(opening, r"[^\r\n]*+[\r\n]", Scope.COMMENT)


def _line_string(opening: str, quote: str, code: str = "", literal: str = "") -> _Mark:
    """It ends at a quote or a line end, but for a line end behind a backslash."""
    return _Mark(opening, rf"(?:[^{quote}\\\r\n]|\\\r\n|\\.)*+[{quote}\r\n]", code=code, literal=literal)


def _long_string(opening: str, closing: str, code: str = "", literal: str = "") -> _Mark:
    return _Mark(opening, rf"(?:[^\\]|\\.)*?{closing}", code=code, literal=literal)


_FORMATTED = ("{", r"(?:[^{\\]|\\.|\{\{|\{(?:[^{}]|\{[^{}]*+\})*+\})*+")
_IN_TEMPLATE = r"(?:[^`\\$]|\\.|\$(?!\{)|\$\{(?:[^`{}]|\{[^`{}]*+\}|`[^`]*+`)*+\})*+"
_BLOCK_COMMENT = _Mark(r"/\*", r".*?\*/", Scope.COMMENT)
_SLASHES = (_line_comment("//"), _BLOCK_COMMENT)
_SINGLE, _DOUBLE = _line_string("'", "'"), _line_string('"', '"')
_FORMAT = r"(?<![A-Za-z0-9_])(?:[fFtT][rR]?|[rR][fFtT])"
# A slash begins a regular expression where no operand stands before it.
_JS_PATTERN = _Mark(
    r"(?<=[(,=:\[!&|?;{}+\n])[ \t]*/(?![/*])", r"(?:[^/\\\r\n\[]|\\.|\[(?:[^\]\\\r\n]|\\.)*+\])*+[/\r\n]"
)
_TEMPLATE = _Mark("`", f"{_IN_TEMPLATE}`", code="${", literal=_IN_TEMPLATE)
_JAVASCRIPT = (*_SLASHES, _JS_PATTERN, _TEMPLATE, _DOUBLE, _SINGLE)
_INCLUDED = _Mark(r"#[ \t]*include[ \t]*<", r"[^>\r\n]*+[>\r\n]")
_C = (*_SLASHES, _INCLUDED, _DOUBLE, _line_string(r"(?<![0-9A-Fa-f])'", "'"))

# Earlier marks come first where two open at the same place.
_MARKS: Mapping[str, tuple[_Mark, ...]] = {
    "python": (
        _line_comment("#"),
        _long_string(rf'{_FORMAT}"""', '"""', *_FORMATTED),
        _long_string(rf"{_FORMAT}'''", "'''", *_FORMATTED),
        _line_string(f'{_FORMAT}"', '"', *_FORMATTED),
        _line_string(f"{_FORMAT}'", "'", *_FORMATTED),
        _long_string('"""', '"""'),
        _long_string("'''", "'''"),
        _DOUBLE,
        _SINGLE,
    ),
    "javascript": _JAVASCRIPT,
    "javascriptreact": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
    "typescriptreact": _JAVASCRIPT,
    "go": (*_SLASHES, _Mark("`", "[^`]*+`"), _DOUBLE, _SINGLE),
    "java": (*_SLASHES, _long_string('"""', '"""'), _DOUBLE, _SINGLE),
    "c": _C,
    "cpp": (_Mark(r'R"(?P<fence>[^\s()\\]{0,16})\(', r'.*?\)(?P=fence)"'), *_C),
    "rust": (
        *_SLASHES,
        _Mark(r'(?<![A-Za-z0-9_])(?:br|cr|r)(?P<fence>#*)"', '.*?"(?P=fence)'),
        _Mark(r"'(?=\\[^\r\n]{1,10}'|[^'\\\r\n]')", r"\\?.[^'\r\n]*+'"),
        _long_string('"', '"'),
    ),
}


_DEEPEST = 8
"""Strings within code within strings that are looked into."""


@cache
def _patterns(
    language_id: str,
) -> tuple[re.Pattern[str], tuple[re.Pattern[str], ...], tuple[re.Pattern[str], ...]]:
    """One pattern for any opening, those of each mark's opening, and those from there to its end."""
    marks = _MARKS[language_id]
    any_opening = "|".join(mark.opening.replace("?P<fence>", "?:") for mark in marks)
    openings = tuple(re.compile(mark.opening) for mark in marks)
    whole = tuple(re.compile(f"{mark.opening}{mark.rest}", re.DOTALL) for mark in marks)
    return re.compile(any_opening), openings, whole


def scope_behind(language_id: str, text: str) -> Scope:
    """What a cursor at the end of `text` is in, when `text` begins in code.

    Raises:
        KeyError: a language without a grammar.
    """
    scope = Scope.CODE
    for _ in range(_DEEPEST):
        unclosed = _unclosed(language_id, text)
        if unclosed is None:
            return Scope.CODE
        mark, content = unclosed
        scope = mark.scope
        literal = re.match(mark.literal, content, re.DOTALL)
        text = content[literal.end() :] if literal else ""
        if not mark.code or not text.startswith(mark.code):
            break
        text = text[len(mark.code) :]
    return scope


def _unclosed(language_id: str, text: str) -> tuple[_Mark, str] | None:
    """The comment or string that nothing closes, and what is in it; None when the text ends in code."""
    any_opening, openings, whole = _patterns(language_id)
    at = 0
    while (found := any_opening.search(text, at)) is not None:
        index = next(i for i, opening in enumerate(openings) if opening.match(text, found.start()))
        ended = whole[index].match(text, found.start())
        if ended is None:
            return _MARKS[language_id][index], text[found.end() :]
        at = ended.end()
    return None

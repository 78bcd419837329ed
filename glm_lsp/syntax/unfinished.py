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


@cache
def _patterns(language_id: str) -> tuple[re.Pattern[str], tuple[re.Pattern[str], ...]]:
    """One pattern for all openings, and one for each mark from its opening to its end."""
    marks = _MARKS[language_id]
    openings = "|".join(re.sub(r"\?P<fence>", "?:", mark.opening) for mark in marks)
    whole = tuple(re.compile(f"{mark.opening}{mark.rest}", re.DOTALL) for mark in marks)
    return re.compile(openings), whole


@cache
def _openings(language_id: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(mark.opening) for mark in _MARKS[language_id])


def scope_behind(language_id: str, text: str) -> Scope:
    """What a cursor at the end of `text` is in, when `text` begins in code.

    Raises:
        KeyError: a language without a grammar.
    """
    any_opening, whole = _patterns(language_id)
    at = 0
    while (found := any_opening.search(text, at)) is not None:
        at = found.start()
        openings = _openings(language_id)
        index = next(i for i, opening in enumerate(openings) if opening.match(text, at))
        ended = whole[index].match(text, at)
        if ended is None:
            return _scope_within(language_id, _MARKS[language_id][index], text[found.end() :])
        at = ended.end()
    return Scope.CODE


def _scope_within(language_id: str, mark: _Mark, content: str) -> Scope:
    """What the end of a comment's or string's content is, as far as it goes."""
    if mark.code and (literal := re.match(mark.literal, content, re.DOTALL)):
        inside = content[literal.end() :]
        if inside.startswith(mark.code):
            return scope_behind(language_id, inside[len(mark.code) :])
    return mark.scope
